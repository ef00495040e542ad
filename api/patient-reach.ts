import type { Context } from 'hono';
import { notFound } from '../services/common/index.ts';
import type { PatientClient } from '../services/patient/client.ts';
import { type Grant, requireCovered } from './auth/grant.ts';
import { readOf } from './call.ts';
import type { ApiEnv } from './deps.ts';

/** Throws the same `patient_not_found` for a person who doesn't exist and for one outside of the grant. */
export async function requirePatient(
  c: Context<ApiEnv>,
  { patient, patientId, grant = c.var.grant }: { patient: Pick<PatientClient, 'sitesOfPerson'>; patientId: string; grant?: Grant },
): Promise<void> {
  const known = await patient.sitesOfPerson(readOf(c, { patientId }));
  if (!known) throw notFound('patient');
  requireCovered(grant, { siteIds: known.siteIds, patientId }, 'patient');
}
