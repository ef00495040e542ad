import type { ProtocolInput } from '../../services/study/index.ts';
import type { EnrollmentIdentity } from '../../services/study/types.ts';
import { ctx, identityOf, key, PROTOCOL, type Trial, type World } from '../services/study/fixture.ts';

export const TWO_ARMS = { arms: [{ code: 'A', ratio: 1 }, { code: 'B', ratio: 1 }], blockSizes: [4, 6], bySite: false };
export const SEX = { code: 'sex', levels: ['female', 'male'] };
export const AGE = { code: 'age', levels: ['under-40', '40-64', '65-over'] };
export const STAGE = { code: 'stage', levels: ['early', 'late'] };

export function randomising(randomisation: NonNullable<ProtocolInput['randomisation']>): ProtocolInput {
  return { ...PROTOCOL, randomisation };
}

/** Enrolled participants of this trial, ready to be randomised: the rows that steps 2 and 6 would have written. */
export async function enrolledMany({ database: { sql } }: World, trial: Trial, count: number): Promise<EnrollmentIdentity[]> {
  const identities = Array.from({ length: count }, () => identityOf(trial));
  const rows = identities.map(({ enrollmentId: id, ...one }) => ({ id, patient: one.patientId, request: one.requestKey }));
  await sql`
    insert into study.enrollments (id, study_id, study_code, site_id, site_code, patient_id, protocol_version_id, request_key,
      content_hash, stage, status, subject_number, enrolled_at, revision, created_at, updated_at)
    select row.id, ${trial.studyId}, ${trial.studyCode}, ${trial.siteId}, ${trial.siteCode}, row.patient, ${trial.protocolVersionId},
      row.request, ${'a'.repeat(64)}, 'casebook', 'pending-on-study', row.request, now(), 2, now(), now()
    from jsonb_to_recordset(${sql.json(rows)}) as row (id uuid, patient uuid, request text)`;
  return identities;
}

export type Ask = { strata?: Record<string, string>; key?: string; consent?: { version: string; language: string } };

/** Randomises as the workflow does. */
export function randomise({ service }: World, identity: EnrollmentIdentity, ask: Ask = {}) {
  const { strata = {}, consent } = ask;
  const input = { identity, revision: 3, strata, confirmedBy: 'inv-7', ...(consent ? { consent } : {}) };
  return service.randomiseParticipant({ ctx, key: ask.key ?? key(), input });
}

export type Taken = { stratum: string; position: number; block: number; arm: string; enrollment: string | null };

/** The lists of a protocol version as they stand in the tables. */
export async function listOf({ database: { sql } }: World, { protocolVersionId }: Pick<Trial, 'protocolVersionId'>): Promise<Taken[]> {
  return sql<Taken[]>`
    select s.key as stratum, e.position, e.block, e.arm, a.enrollment_id as enrollment
    from study.randomisation_entries e
    join study.randomisation_strata s on s.id = e.stratum_id
    left join study.allocations a on a.stratum_id = e.stratum_id and a.position = e.position
    where s.protocol_version_id = ${protocolVersionId} order by s.key, e.position`;
}
