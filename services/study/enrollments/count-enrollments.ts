import { sql } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import type { StudyDeps } from '../deps.ts';
import { OUTCOMES, type Outcome, type Stage, STAGES } from '../vocabulary.ts';
import { enrollments } from './tables.ts';

/** So many enrollments stand alike, in all studies and at all sites together. */
export type EnrollmentCount = { stage: Stage; outcome: Outcome | 'open'; needsAttention: boolean; n: number };

/**
 * How many enrollments there are by stage, outcome and whether they need attention; of each at most `most` are
 * counted, so it costs the same however many there are. Those that there are none of are left out.
 */
export async function countEnrollments({ db }: StudyDeps, { input }: { input: { most: number } }): Promise<EnrollmentCount[]> {
  const each = (values: readonly string[]) => sql`jsonb_array_elements_text(${JSON.stringify(values)}::jsonb)`;
  const alike = sql`${enrollments.stage} = s.stage and ${enrollments.outcome} = o.outcome and ${enrollments.needsAttention} = a.attention`;
  const rows = await read(db, (orm) =>
    orm.execute<EnrollmentCount>(sql`
      select s.stage, o.outcome, a.attention as "needsAttention", c.n
      from ${each(STAGES)} as s(stage)
      cross join ${each(['open', ...OUTCOMES])} as o(outcome)
      cross join (values (true), (false)) as a(attention)
      cross join lateral (select count(*)::int as n from (select 1 from ${enrollments} where ${alike} limit ${input.most}) as alike) as c
      where c.n > 0`),
  );
  return [...rows];
}
