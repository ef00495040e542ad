import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';

/** A history and whose it is; as the server gives it, or as JSON. */
export type Replayable = { name: string; workflowId: string; runId?: string; history: unknown };

export type Failure = Omit<Replayable, 'history'> & {
  /** At which event the code comes to something else; null where Temporal does not tell. */
  event: { id: number; type: string } | null;
  /** Names types, ids and what to do, never what an argument or a result holds. */
  message: string;
};

export type Code = { workflowBundle: { codePath: string } | { code: string }; payloadKeys: KeyRing };

export type Histories = AsyncIterable<Replayable> | Iterable<Replayable>;

/** Replays one history after the other against this code, each as it comes, and says what is wrong with it; null: nothing. */
export async function* replayed({ workflowBundle, payloadKeys }: Code, histories: Histories): AsyncGenerator<{ name: string; failure: Failure | null }> {
  const { dataConverter, closed } = noting(dataConverterOf(payloadKeys));
  let current: Replayable | undefined;
  const inTurn = async function* () {
    for await (const one of histories) {
      closed.why = undefined;
      current = one;
      yield { workflowId: one.workflowId, history: one.history };
    }
  };
  for await (const { error } of Worker.runReplayHistories({ workflowBundle, dataConverter }, inTurn())) {
    if (!current) continue;
    const { history: _, ...whose } = current;
    yield { name: whose.name, failure: error ? { ...whose, event: eventOf(error), message: messageOf(error, closed.why) } : null };
  }
}

/** Notes that a payload did not open: Temporal's own error would not say so. */
function noting(converter: DataConverter): { dataConverter: DataConverter; closed: { why: string | undefined } } {
  const closed: { why: string | undefined } = { why: undefined };
  const payloadCodecs = converter.payloadCodecs?.map((codec) => ({
    encode: codec.encode.bind(codec),
    decode: (...args: Parameters<typeof codec.decode>) =>
      codec.decode(...args).catch((error: unknown) => {
        closed.why = error instanceof Error && error.name === 'PayloadClosedError' ? error.message : 'a payload does not open with the keys here';
        throw error;
      }),
  }));
  return { dataConverter: { ...converter, ...(payloadCodecs ? { payloadCodecs } : {}) }, closed };
}

function eventOf({ message }: Error): Failure['event'] {
  const [, id, type = ''] = /HistoryEvent\(id: (\d+), (?:Some\()?(\w+)/.exec(message) ?? [];
  return id === undefined ? null : { id: Number(id), type };
}

/** Of the error's text only the sentence of Temporal's core, which is about types and ids; the rest may hold anything. */
function messageOf(error: Error, closed: string | undefined): string {
  if (closed !== undefined) return closed;
  const [, sentence] = /Nondeterminism error: ([^"{]{1,300})/.exec(error.message) ?? [];
  if (error instanceof DeterminismViolationError) return sentence?.trim() ?? 'the code does not come to the commands that the history holds';
  return 'the code throws an error on this history; what it says may hold data and is left out';
}
