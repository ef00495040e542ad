import { and, asc, desc, eq, inArray, or } from 'drizzle-orm';
import { read } from '../../../db/index.ts';
import { durationMs, type Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { allocations } from '../randomisation/tables.ts';
import { mayScreen, vainScreenings } from './rescreens.ts';
import { enrollments } from './tables.ts';
import { investigators, protocolVersions, studies } from '../tables.ts';
import type { Admission, AdmissionGap, CheckAdmission } from '../types.ts';

const DAY_MS = 86_400_000;
/** More versions of one protocol than any trial has; the newest ones count. */
const MAX_VERSIONS = 200;

/**
 * May this person be enrolled in this study at this site now, and if not, what is missing (domain, step 0)?
 * Also finds the enrollment that the request or the person already has. The protocol version is the newest
 * effective one among those that the site's ethics committee has approved. Throws when Site does not answer.
 */
export async function checkAdmission(deps: StudyDeps, { ctx, input }: Read<CheckAdmission>): Promise<Admission> {
  const { db, clock, site } = deps;
  const { studyId, siteId } = input;
  const now = clock();
  const [activation, [study], versions, principals, known, screenings] = await Promise.all([
    site.getActivation({ ctx, input: { studyId, siteId } }),
    read(db, (orm) => orm.select({ code: studies.code, status: studies.status }).from(studies).where(eq(studies.id, studyId))),
    read(db, (orm) =>
      orm
        .select()
        .from(protocolVersions)
        .where(eq(protocolVersions.studyId, studyId))
        .orderBy(desc(protocolVersions.effectiveAt), desc(protocolVersions.id))
        .limit(MAX_VERSIONS),
    ),
    read(db, (orm) =>
      orm
        .select({ id: investigators.id })
        .from(investigators)
        .where(and(eq(investigators.studyId, studyId), eq(investigators.siteId, siteId), eq(investigators.role, 'principal')))
        .limit(1),
    ),
    findKnown(db, input),
    read(db, (orm) => vainScreenings(orm, input)),
  ]);
  const approved = (activation?.approvals ?? []).filter(({ ethicsApprovedAt }) => new Date(ethicsApprovedAt) <= now);
  const usable = versions.find(
    ({ version, effectiveAt }) => effectiveAt <= now && approved.some(({ protocolVersion }) => protocolVersion === version),
  );
  const body = usable?.body;

  const missing: AdmissionGap[] = [];
  const need = (holds: boolean, gap: AdmissionGap) => void (holds || missing.push(gap));
  need(study !== undefined, 'study_not_found');
  need(!study || study.status === 'active', 'study_not_open');
  need(activation !== null, 'site_not_active');
  need(!activation || approved.length > 0, 'ethics_approval');
  need(approved.length === 0 || usable !== undefined, 'protocol_version');
  need(principals.length > 0, 'principal_investigator');
  need(!activation || activation.reserved + activation.confirmed < activation.cap, 'cap_reached');
  need(!known.elsewhere, 'already_enrolled_elsewhere');
  need(known.here !== null || !known.randomised, 'already_randomised');
  need(!body || mayScreen(body, screenings), 'rescreens_used_up');
  return {
    missing,
    study: study ? { code: study.code } : null,
    site: activation ? { code: activation.site.code } : null,
    protocol: usable ? whatToDo(usable) : null,
    known: known.here,
    hasRecord: known.hasRecord,
  };
}

/** What the workflow has to know of the protocol; what the protocol has none of is left out. */
function whatToDo({ id, version, body }: typeof protocolVersions.$inferSelect): NonNullable<Admission['protocol']> {
  const { consentRule, screening, eligibilitySignature: signature, randomisation } = body;
  return {
    protocolVersionId: id,
    version,
    consentRule,
    slotTimeToLiveMs: durationMs(body.slotTimeToLive),
    reconsentDeadlineMs: durationMs(body.reconsentDeadline),
    hasEpro: body.epro !== undefined,
    ...(screening && { screening: { windowMs: screening.windowDays * DAY_MS } }),
    ...(signature && { eligibilitySignature: { reminderMs: durationMs(signature.reminder), expiryMs: durationMs(signature.expiry) } }),
    ...(randomisation && { randomisation: { autoRandomise: randomisation.autoRandomise, freesCapOnWithdrawal: randomisation.freesCapOnWithdrawal } }),
  };
}

/** By the request's key first, then by the person; one at another site is only hinted at: this caller may not know of it. */
async function findKnown(
  db: StudyDeps['db'],
  { studyId, siteId, patientId, requestKey, contentHash }: CheckAdmission,
): Promise<{ here: Admission['known']; elsewhere: boolean; hasRecord: boolean; randomised: boolean }> {
  const everOfPerson = and(eq(enrollments.studyId, studyId), eq(enrollments.patientId, patientId));
  const ofPerson = and(everOfPerson, inArray(enrollments.outcome, ['open', 'active']));
  const [rows, records] = await Promise.all([
    read(db, (orm) =>
      orm
        .select({ id: enrollments.id, siteId: enrollments.siteId, requestKey: enrollments.requestKey, contentHash: enrollments.contentHash })
        .from(enrollments)
        .where(or(eq(enrollments.requestKey, requestKey), ofPerson))
        .limit(2),
    ),
    read(db, (orm) =>
      orm
        .select({ id: enrollments.id, allocationId: allocations.id })
        .from(enrollments)
        .leftJoin(allocations, eq(allocations.enrollmentId, enrollments.id))
        .where(everOfPerson)
        .orderBy(asc(allocations.id))
        .limit(1),
    ),
  ]);
  const byRequest = rows.find((row) => row.requestKey === requestKey);
  const byPerson = rows.find((row) => row.requestKey !== requestKey);
  const found = byRequest ?? (byPerson?.siteId === siteId ? byPerson : undefined);
  return {
    here: found
      ? { enrollmentId: found.id, by: byRequest ? 'request_key' : 'person', sameContent: found.contentHash === contentHash }
      : null,
    elsewhere: byPerson !== undefined && byPerson.siteId !== siteId,
    hasRecord: records.length > 0,
    // Once randomised, never again in this study, also after a withdrawal (domain, step 0).
    randomised: (records[0]?.allocationId ?? null) !== null,
  };
}
