import { sql } from 'drizzle-orm';
import { type ColumnsToSeal, type DataSteps, sealColumns } from '../../db/data-steps.ts';
import type { ServiceDatabase } from '../../db/index.ts';

const status = { columns: ['status_reason'], row: sql`id`, owner: sql`enrollment_id` };

/** The texts in people's own words, as an installation of before has them in plain. */
const TEXTS: readonly ColumnsToSeal[] = [
  { table: 'screenings', ...status },
  { table: 'casebooks', ...status },
  { table: 'epro_schedules', ...status },
  {
    table: 'screening_results',
    columns: ['reason'],
    row: sql`id`,
    owner: sql`(select s.enrollment_id from edc.screenings s where s.id = screening_id)`,
  },
];

/** What an installation of before has to have done to its rows. */
export function edcDataSteps({ vault }: Pick<ServiceDatabase, 'vault'>): DataSteps {
  return {
    '0007_words_sealed': {
      rewritten: TEXTS.map(({ table }) => table),
      run: async (tx) => {
        for (const texts of TEXTS) await sealColumns(tx, { schema: 'edc', vault }, texts);
      },
    },
  };
}
