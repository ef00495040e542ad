import { type Ctx, DomainError, type Role } from '../../services/common/index.ts';
import type { Grant } from '../../services/common/authority/grant.ts';
import { accessOf } from '../../services/common/authority/policy.ts';
import type { ApiDeps } from '../deps.ts';
import { partOfView } from '../part-of-view.ts';
import type { EnrollmentFacts, EnrollmentWithParticipant } from '../responses/enrollment.ts';
import { type ShownPerson, toPatientInfo } from '../responses/patient.ts';
import { show } from './show.ts';

type Asked = { ctx: Ctx; facts: EnrollmentFacts; grant: Grant; role: Role };

/**
 * An enrollment as it is now, with its participant, masked, for who may see persons. When Patient can't be asked the
 * participant is null, and named in `degraded`.
 */
export async function showWithParticipant(
  deps: Pick<ApiDeps, 'clients' | 'enrollments' | 'partDeadlineMs'>,
  { ctx, facts, grant, role }: Asked,
): Promise<EnrollmentWithParticipant> {
  const [enrollment, participant] = await Promise.all([
    show(deps, { ctx, facts, grant }),
    participantOf(deps, { ctx, facts, grant, role }),
  ]);
  if (participant === undefined) return enrollment;
  if (participant) return { ...enrollment, patientInfo: participant };
  return { ...enrollment, patientInfo: null, degraded: [...(enrollment.degraded ?? []), 'patient'] };
}

/** Undefined for who may not see persons; Patient is not even asked then. */
async function participantOf(
  { clients, partDeadlineMs }: Pick<ApiDeps, 'clients' | 'partDeadlineMs'>,
  { ctx, facts: { patientId }, grant, role }: Asked,
): Promise<ShownPerson | null | undefined> {
  if (['403', '404'].includes(accessOf('getPatient', role))) return undefined;
  try {
    const person = await partOfView(partDeadlineMs, () => clients.patient.getPerson({ ctx, input: { patientId, reveal: false } }));
    return person && toPatientInfo(person, grant.scope === 'site' ? grant.siteIds : 'all');
  } catch (error) {
    // The enrollment is the caller's to see, the person isn't (any more).
    if (error instanceof DomainError && error.code === 'patient_not_found') return undefined;
    throw error;
  }
}
