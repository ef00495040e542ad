import { sql } from 'drizzle-orm';
import { type DataSteps, sealColumns } from '../../db/data-steps.ts';
import { SERVICE_OWNER, type ServiceDatabase } from '../../db/index.ts';

/**
 * What an installation of before has to have done to its rows. Whose the participant's addresses are stands in no row of
 * that time: they are sealed under the service's own key, and the mails went out long ago.
 */
export function notificationDataSteps({ vault }: Pick<ServiceDatabase, 'vault'>): DataSteps {
  return {
    '0002_sealed': {
      rewritten: ['messages'],
      run: (tx) => sealColumns(tx, { schema: 'notification', vault }, { table: 'messages', columns: ['to_email'], row: sql`key`, owner: sql`${SERVICE_OWNER}::text` }),
    },
  };
}
