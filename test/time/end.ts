import { expect } from 'vitest';
import { runOf, type evidenceOf } from '../enrollment/evidence.ts';
import type { DirectStudy } from '../support/scenario.ts';
import type { TestSystem } from '../support/system.ts';

export type End = {
  outcome: string;
  reason?: string;
  /** When the outcome has to be recorded: not before, and at most so much later. */
  at?: number;
  /** Every mail about this enrollment, `kind to recipient`, in any order. */
  mails: readonly string[];
  /** What became of its slots, in the order of their reservation; none unless told. */
  slots?: readonly string[];
};

type Of = { at: TestSystem; study: DirectStudy; patientId: string; enrollmentId: string; evidence: ReturnType<typeof evidenceOf> };
type Timeline = { items: { at: string; event: string }[] };

/** The activities between a deadline and its record, on a busy machine: time stands still, real time goes on. */
const RECORDED_WITHIN_MS = 20_000;
const POLL = { timeout: 10_000, interval: 30 };
/** Looks again until it is as expected; bounded. */
export const settled = <T>(look: () => Promise<T>) => expect.poll(look, POLL);

const UNDONE = ['screen_failed', 'declined', 'cap_reached', 'expired', 'voided'];

/**
 * The enrollment has ended, and everything agrees on it: REST, the record and the screening log, the run, which has
 * completed; each mail was sent once to whom it was meant for; no slot is held but a confirmed one; nothing stays open.
 */
export async function expectEnd({ at, study, patientId, enrollmentId, evidence }: Of, { outcome, reason, at: deadline, mails, slots = [] }: End): Promise<void> {
  await study.until(enrollmentId, (now) => now.outcome !== undefined);
  const run = runOf(at, study, patientId);
  const { client } = at.system;
  expect(await client.withDeadline(Date.now() + POLL.timeout, () => run.result())).toMatchObject({ outcome });
  expect(await run.describe()).toMatchObject({ status: { name: 'COMPLETED' } });

  const { body } = await study.get(enrollmentId);
  expect(body).toMatchObject({ outcome, needsAttention: false, ...(reason === undefined ? {} : { outcomeReason: reason }) });
  for (const over of ['awaiting', 'stuckStep', 'attention']) expect(body).not.toHaveProperty(over);
  const [record] = await at.database.sql`select outcome, awaiting_what, needs_attention from study.enrollments where id = ${enrollmentId}`;
  expect(record).toMatchObject({ outcome, awaiting_what: null, needs_attention: false });

  const undone = UNDONE.includes(outcome);
  // Who never got a subject number has no line.
  const log = body.subjectNumber === undefined ? [] : [{ subject_number: body.subjectNumber, outcome, closed: true }];
  expect(await evidence.log()).toEqual(log);
  expect(await evidence.slots()).toEqual(slots);
  expect((await evidence.casebook()).filter((status) => status === 'open')).toHaveLength(undone ? 0 : 1);
  if (undone) expect((await evidence.epro()).filter((status) => status === 'on')).toEqual([]);
  // All are out when the run has ended, but what ops were told beside it.
  await settled(() => evidence.mails()).toEqual(mails.toSorted());

  if (deadline === undefined) return;
  const { items } = (await study.clinician.get<Timeline>(`/enrollments/${enrollmentId}/timeline`)).body;
  const recorded = Date.parse(items.findLast(({ event }) => event === 'OUTCOME RECORDED')?.at ?? '') - deadline;
  expect(recorded, 'milliseconds after the deadline').toBeGreaterThanOrEqual(0);
  expect(recorded, 'milliseconds after the deadline').toBeLessThan(RECORDED_WITHIN_MS);
}
