import { type Ctx, notFound } from '../../services/common/index.ts';
import { statusOf } from '../../services/study/index.ts';
import { type Grant, requireCovered } from '../../services/common/authority/grant.ts';
import type { ApiDeps } from '../deps.ts';
import type { EnrollmentFacts } from '../responses/enrollment.ts';

type Deps = Pick<ApiDeps, 'clients' | 'enrollments'>;

/**
 * What is known of an enrollment: the record in Study; before there is one, the consent, which is written before a
 * 201; before that the run, which is found before a 202. So an enrollment that was answered is never 404.
 * What is outside of the caller's grant is: `enrollment_not_found`.
 */
export async function locate(deps: Deps, asked: { ctx: Ctx; enrollmentId: string; grant: Grant }): Promise<EnrollmentFacts> {
  const { ctx, enrollmentId, grant } = asked;
  const facts =
    (await deps.clients.study.getEnrollment({ ctx, input: { enrollmentId } })) ??
    (await fromConsent(deps, ctx, enrollmentId)) ??
    (await fromRun(deps, ctx, enrollmentId));
  if (!facts) throw notFound('enrollment');
  const { siteId, studyId, patientId } = facts;
  requireCovered(grant, { siteIds: [siteId], studyId, patientId }, 'enrollment');
  return facts;
}

async function fromConsent({ clients }: Deps, ctx: Ctx, enrollmentId: string): Promise<EnrollmentFacts | null> {
  const consent = await clients.patient.consentOfEnrollment({ ctx, input: { enrollmentId } });
  if (!consent) return null;
  const { patientId, studyId, siteId, consentId, validity, recordedAt } = consent;
  const [study, site] = await Promise.all([
    clients.study.getStudy({ ctx, input: { studyId } }),
    clients.site.getSite({ ctx, input: { siteId } }),
  ]);
  return {
    ...justBegun(enrollmentId),
    patientId,
    studyId,
    studyCode: study?.code ?? '',
    siteId,
    siteCode: site.code,
    consentId,
    consentValidity: validity,
    createdAt: recordedAt,
    updatedAt: recordedAt,
  };
}

async function fromRun({ clients, enrollments }: Deps, ctx: Ctx, enrollmentId: string): Promise<EnrollmentFacts | null> {
  const run = await enrollments.find(enrollmentId);
  if (!run) return null;
  const { patientId, studyCode, siteCode, stage, outcome, needsAttention, startedAt } = run;
  const [study, site] = await Promise.all([
    clients.study.getStudyByCode({ ctx, input: { code: studyCode } }),
    clients.site.getSiteByCode({ ctx, input: { code: siteCode } }),
  ]);
  if (!study || !site) return null;
  return {
    ...justBegun(enrollmentId),
    patientId,
    studyId: study.studyId,
    studyCode,
    siteId: site.id,
    siteCode,
    stage,
    status: statusOf({ stage, outcome }),
    outcome,
    needsAttention,
    createdAt: startedAt,
    updatedAt: startedAt,
  };
}

function justBegun(enrollmentId: string) {
  return {
    enrollmentId,
    stage: 'consent' as const,
    status: statusOf({ stage: 'consent', outcome: null }),
    outcome: null,
    needsAttention: false,
    subjectNumber: null,
    consentId: null,
  };
}
