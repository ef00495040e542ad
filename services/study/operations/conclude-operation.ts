import { runCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { answerKey, CONCLUDED } from './get-operation-answer.ts';

/** `asked`: which operation with which body, so that its key is of no use for another. `answer`: as it was given. */
export type Conclusion = { asked: Record<string, unknown>; answer: Record<string, unknown> };

/** Keeps what an operator was answered, for whoever asks again under the same key: the first answer stays. */
export async function concludeOperation({ db }: StudyDeps, { ctx, key, input }: Call<Conclusion>): Promise<{ answer: Record<string, unknown> }> {
  const { asked, answer } = input;
  return runCommand({ db, ledger, verb: CONCLUDED, key: answerKey(key), content: asked, ctx }, async () => ({ answer }));
}
