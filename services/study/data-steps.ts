import { sql } from 'drizzle-orm';
import { type ColumnsToSeal, type DataSteps, sealColumns } from '../../db/data-steps.ts';
import { SERVICE_OWNER, type ServiceDatabase } from '../../db/index.ts';

const ofItsOwn = { row: sql`id`, owner: sql`enrollment_id` };

/** The texts in people's own words, as an installation of before has them in plain. */
const TEXTS: readonly ColumnsToSeal[] = [
  { table: 'enrollments', columns: ['outcome_reason'], row: sql`id`, owner: sql`id` },
  { table: 'screening_log', columns: ['reason'], row: sql`enrollment_id`, owner: sql`enrollment_id` },
  { table: 'milestones', columns: ['words'], ...ofItsOwn },
  { table: 'deviations', columns: ['description'], ...ofItsOwn },
  { table: 'eligibility_decisions', columns: ['reason', 'meaning', 'invalidated_reason', 'record_sha256'], ...ofItsOwn },
  { table: 'code_breaks', columns: ['reason'], ...ofItsOwn },
  { table: 'baseline_corrections', columns: ['reason'], ...ofItsOwn },
  { table: 'unblindings', columns: ['reason'], row: sql`id`, owner: sql`coalesce(enrollment_id::text, ${SERVICE_OWNER}::text)` },
  {
    table: 'unblinding_approvals',
    columns: ['reason'],
    row: sql`unblinding_id`,
    owner: sql`(select coalesce(u.enrollment_id::text, ${SERVICE_OWNER}::text) from study.unblindings u where u.id = unblinding_id)`,
  },
];

/** What an installation of before has to have done to its rows. */
export function studyDataSteps({ vault }: Pick<ServiceDatabase, 'vault'>): DataSteps {
  return {
    '0011_words_sealed': {
      rewritten: TEXTS.map(({ table }) => table),
      run: async (tx) => {
        for (const texts of TEXTS) await sealColumns(tx, { schema: 'study', vault }, texts);
      },
    },
  };
}
