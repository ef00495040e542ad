import type { Answer, Sent } from './answers.ts';
import type { Answered } from './model.ts';

/** A request under way: `posted`, the run had taken it when this step of the walk began. */
export type Asked = { sent: Sent; reply: Promise<Answered & { answer: Answer }>; answered: Answered | Error | null; posted: boolean };

/** Only such a request waits for an operator where its step parks. */
export const isRandomisation = ({ sent }: Asked) => sent.message.kind === 'randomisation';

/** Its answer; throws what has failed instead. */
export function answerOf({ answered, posted }: Asked): Answered {
  if (answered === null || answered instanceof Error) throw answered ?? new Error('there is no answer');
  return { ...answered, posted };
}

/** Longer than any walk: only an operator ends the wait of a request whose step has parked. */
export const OWED_WITHIN_MS = 180_000;
