import { withTransaction, writeAudit } from '../../db/index.ts';
import { notFound, type Read } from '../common/index.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { personOfCall } from './person-of-call.ts';
import { findPerson, type PatientInfo, toPatientInfo } from './person-view.ts';

/**
 * A person, masked unless `reveal`. Revealing is audited in the same transaction: when the audit row can't be
 * written, nothing is shown. Throws `patient_not_found`.
 */
export async function getPerson(
  deps: PatientDeps,
  { ctx, input }: Read<{ patientId: string; reveal: boolean }>,
): Promise<PatientInfo> {
  const { patientId, reveal } = input;
  const row = reveal
    ? await withTransaction(deps.db, async (tx) => {
        const found = await findPerson(deps.db, tx, patientId);
        const entry = { action: 'R', entity: 'patient', entityId: patientId, owner: patientId, after: { revealed: true } } as const;
        await writeAudit(tx, { db: deps.db, ledger, verb: 'getPerson', ctx }, found ? [entry] : []);
        return found;
      })
    : await personOfCall(deps, input);
  if (!row) throw notFound('patient');
  return toPatientInfo(row, { reveal });
}
