import type { Ctx, Role } from '../../services/common/index.ts';
import type { EnrollmentIdentity } from '../../services/study/types.ts';
import { enrolledMany, randomise, randomising, SEX } from '../randomisation/world.ts';
import { createTrial, ctx, key, type Trial, type World } from '../services/study/fixture.ts';
import { auditOf } from '../support/audit.ts';

/** The only arm of these trials: found in a text, it was told. */
export const ARM = 'ARM-ZULU';
const PLAN = { arms: [{ code: ARM, ratio: 1 }], blockSizes: [2], bySite: false, strata: [SEX] };

/** A trial with so many participants who have been randomised. */
export async function randomisedTrial(world: World, count: number): Promise<{ trial: Trial; people: EnrollmentIdentity[] }> {
  const trial = await createTrial(world, randomising(PLAN));
  const people = await enrolledMany(world, trial, count);
  for (const identity of people) await randomise(world, identity, { strata: { sex: 'female' } });
  return { trial, people };
}

/** Somebody who is nobody yet: not in any delegation log. */
export const as = (role: Role, id: string): Ctx => ({ actor: { kind: 'user', id, name: `Printed ${id}`, role }, requestId: 'test' });

type Delegation = { userId: string; from?: string; to?: string; task?: string; siteId?: string };

export function delegate({ service }: World, trial: Trial, { userId, from = '2026-01-01T00:00:00.000Z', to, task = 'unblinding', siteId = trial.siteId }: Delegation) {
  const input = { studyId: trial.studyId, siteId, userId, tasks: [task], from, ...(to === undefined ? {} : { to }) };
  return service.addDelegation({ ctx, key: key(), input });
}

/** All that a blinded person, an operator or an auditor may come to see in Study of what was done here, as one text. */
export async function blindedText({ database: { sql } }: World): Promise<string> {
  const rows = await Promise.all([
    sql`select * from study.command_keys`,
    auditOf(sql, 'study', sql`true`),
    sql`select * from study.milestones`,
    sql`select * from study.deviations`,
    sql`select * from study.enrollments`,
    sql`select * from study.code_breaks`,
    sql`select * from study.unblindings`,
    sql`select * from study.unblinding_approvals`,
    sql`select * from study.baseline_corrections`,
  ]);
  return JSON.stringify(rows);
}
