import { sql } from 'drizzle-orm';
import { type DataSteps, sealColumns } from '../../db/data-steps.ts';
import type { ServiceDatabase, Transaction } from '../../db/index.ts';
import { identifierHash, mobileHash } from './identifier.ts';

const TABLES = ['patients', 'patient_identifiers', 'history_entries', 'consents', 'consent_signers'] as const;

/** What an installation of before has to have done to its rows, by the migration that it belongs to. */
export function patientDataSteps({ vault, indexKey }: Pick<ServiceDatabase, 'vault' | 'indexKey'>): DataSteps {
  const at = { schema: 'patient', vault };
  return {
    '0002_sealed': {
      rewritten: TABLES,
      run: async (tx) => {
        await indexAnew(tx, indexKey);
        await sealColumns(tx, at, { table: 'patients', columns: ['name', 'mobile', 'email', 'date_of_birth'], row: sql`id`, owner: sql`id` });
        await sealColumns(tx, at, { table: 'patient_identifiers', columns: ['value'], row: sql`id`, owner: sql`patient_id` });
        await sealColumns(tx, at, { table: 'history_entries', columns: ['entry'], row: sql`id`, owner: sql`patient_id` });
        await sealColumns(tx, at, { table: 'consents', columns: ['entered_in_error_reason'], row: sql`id`, owner: sql`patient_id` });
        const patientOf = sql`(select c.patient_id from patient.consents c where c.id = consent_id)`;
        await sealColumns(tx, at, { table: 'consent_signers', columns: ['name', 'relationship'], row: sql`consent_id || '/' || position`, owner: patientOf });
      },
    },
  };
}

/** The blind index has a key of its own from now on. Read while the values are still there in plain. */
async function indexAnew(tx: Pick<Transaction, 'execute'>, indexKey: Parameters<typeof mobileHash>[0]): Promise<void> {
  const mobiles = await tx.execute(sql`select id, convert_from(mobile, 'UTF8') as mobile from patient.patients where mobile is not null`);
  for (const { id, mobile } of mobiles as Iterable<Record<string, string>>) {
    await tx.execute(sql`update patient.patients set mobile_hash = ${mobileHash(indexKey, mobile!)} where id = ${id}`);
  }
  const identifiers = await tx.execute(sql`select id, type, country, convert_from(value, 'UTF8') as value from patient.patient_identifiers`);
  for (const { id, type, country, value } of identifiers as Iterable<Record<string, string>>) {
    await tx.execute(sql`update patient.patient_identifiers set hash = ${identifierHash(indexKey, { type: type!, country: country!, value: value! })} where id = ${id}`);
  }
}
