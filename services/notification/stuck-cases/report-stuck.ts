import { runCommand } from '../../../db/index.ts';
import type { Call, StuckCase } from '../../common/index.ts';
import { deliver } from '../deliver.ts';
import { ledger, type NotificationDeps } from '../deps.ts';
import { mailOfCases, type WatchKind } from './mail-of-cases.ts';
import { casesById, closeCases, escalateCases, isAnythingDue, openCases, tellCases } from './keep-cases.ts';

export type ReportStuck = {
  opened: StuckCase[];
  /** Subjects that are over. */
  solved: string[];
  /** An open case is told of once more after so long. */
  escalateAfterMs: number;
};
type Told = Record<WatchKind, string[]>;

/**
 * Keeps what one look of the watch has found, and mails operators: each case once when it is found, once more when it
 * lasts, once when it is over; all of one look in one mail. Of what a run has told by itself it is not told again.
 * Throws as `deliver` does; repeating it under its key mails what is not mailed yet.
 */
export async function reportStuck(deps: NotificationDeps, { ctx, key, input }: Call<ReportStuck>): Promise<Record<WatchKind, number>> {
  const { opened, solved, escalateAfterMs } = input;
  const now = deps.clock();
  // Most looks find nothing, and leave no trace.
  if (opened.length === 0 && solved.length === 0 && !(await isAnythingDue(deps, { now, escalateAfterMs }))) return { stuck_found: 0, stuck_lasting: 0, stuck_over: 0 };
  const told = await runCommand({ db: deps.db, ledger, verb: 'reportStuck', key, content: input, ctx }, async (tx, audit): Promise<Told> => {
    for (const { id, subject, kind, step } of await openCases(tx, { opened, now })) {
      audit({ action: 'C', entity: 'stuck_case', entityId: id, after: { subject, kind, step } });
    }
    const over = await closeCases(tx, { solved, now });
    for (const { id, subject } of over) audit({ action: 'U', entity: 'stuck_case', entityId: id, after: { subject, over: true } });
    const found = await tellCases(tx, { now });
    const lasting = await escalateCases(tx, { now, escalateAfterMs });
    return { stuck_found: found, stuck_lasting: lasting, stuck_over: over.filter(({ toldAt }) => toldAt !== null).map(({ id }) => id) };
  });
  for (const kind of ['stuck_found', 'stuck_lasting', 'stuck_over'] as const) await mail(deps, { ctx, key, kind, ids: told[kind] });
  return { stuck_found: told.stuck_found.length, stuck_lasting: told.stuck_lasting.length, stuck_over: told.stuck_over.length };
}

async function mail(deps: NotificationDeps, { ctx, key, kind, ids }: Pick<Call<unknown>, 'ctx' | 'key'> & { kind: WatchKind; ids: string[] }): Promise<void> {
  if (ids.length === 0 || deps.opsEmail === null) return;
  const cases = await casesById(deps, ids);
  const recipients = [{ recipient: 'ops', role: 'ops', email: deps.opsEmail }];
  const about = { kind, enrollmentId: null, studyId: null, siteId: null, patientId: null };
  await deliver(deps, { ctx, key: `${key}/${kind}`, verb: 'reportStuck', content: { kind, ids }, recipients, mail: () => mailOfCases(kind, cases), about });
}
