import type { ListedRun } from './engine/open-runs.ts';
import type { OperatorsWord } from './engine/resolve-run.ts';
import { type Acting, ctxOf } from './acting.ts';
import { atResolving, type AtResolving } from './at-resolving.ts';
import { wordOf } from './at-run.ts';
import { noteOperation } from './note-operation.ts';

export type ActingOnRun = AtResolving & {
  run: ListedRun;
  /** What people call it: the enrollment's id, or the workflow id. */
  about: string;
  word: OperatorsWord;
  /** Writes into Study's trail what is about to be done, with who and why. */
  note(action: string, details?: Record<string, unknown>): Promise<void>;
};

/** Does `act` to the run that is meant. Throws `run_not_found`. */
export async function actOnRun(id: string, options: Acting & { key?: string }, act: (at: ActingOnRun) => Promise<void>): Promise<void> {
  const { locateRun } = await import('./engine/locate-run.ts');
  await atResolving(async (at) => {
    const run = await locateRun(at.engine, id);
    const word = wordOf(options);
    const about = run.enrollmentId ?? run.workflowId;
    const note = (action: string, details: Record<string, unknown> = {}) =>
      noteOperation(at.services, { ctx: ctxOf(options), key: `${word.key}/${action}`, input: { action, about, details: { runId: run.runId, ...details } } });
    await act({ ...at, run, about, word, note });
  });
}
