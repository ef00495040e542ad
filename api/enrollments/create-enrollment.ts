import type { z } from '@hono/zod-openapi';
import { uuidv7 } from 'uuidv7';
import { contentHash } from '../../db/content-hash.ts';
import { type Authentication, type Ctx, DomainError, id, notFound } from '../../services/common/index.ts';
import { recordConsentBody } from '../../services/patient/index.ts';
import { type Admission, statusOf } from '../../services/study/index.ts';
import { covers, type Grant, requireCovered } from '../../services/common/authority/grant.ts';
import type { AuthenticatedUser } from '../auth/token.ts';
import type { ApiDeps } from '../deps.ts';
import type { EnrollmentResponse } from '../responses/enrollment.ts';
import { toEnrollmentResponse } from '../responses/enrollment.ts';
import { locate } from './locate.ts';
import { requireSigners } from './require-signers.ts';
import { show, showsReasons } from './show.ts';

export const createEnrollmentBody = recordConsentBody.extend({ patientId: id, rescreenOf: id.nullable().default(null) });
export type CreateEnrollment = z.output<typeof createEnrollmentBody>;

type Deps = Pick<ApiDeps, 'clients' | 'enrollments' | 'hashKey' | 'assert'>;
type Asked = { ctx: Ctx; user: AuthenticatedUser; grant: Grant; requestKey: string; body: CreateEnrollment; authentication: Authentication };
/** 201 also when the same request is repeated; 200 when another one had the same content; 202 without an answer in time. */
export type Created = { status: 200 | 201 | 202; enrollment: EnrollmentResponse };

/**
 * Starts an enrollment once: a known request or person is answered with the enrollment that is there, other content
 * is refused (`key_reused`, `already_enrolled`), and what isn't admissible starts nothing (`not_admissible` with
 * `missing`, or `cap_reached`): then the consent is still recorded with the patient (domain, step 0).
 */
export async function createEnrollment(deps: Deps, asked: Asked): Promise<Created> {
  // Another request for the person may run through between our look and our start: then a second look finds its record.
  // Without one (a run that an operator terminated in Temporal) the new run may follow the old.
  const created = (await attempt(deps, asked, { mayFollow: false })) ?? (await attempt(deps, asked, { mayFollow: true }));
  if (!created) throw new DomainError('unavailable', 'enrollment_overtaken', 'Another enrollment of the person has just ended; repeat it with the same key.');
  return created;
}

/** Null when another run of the person has ended since the look at the records, and nothing was started. */
async function attempt(deps: Deps, asked: Asked, { mayFollow }: { mayFollow: boolean }): Promise<Created | null> {
  const { ctx, grant, requestKey, body } = asked;
  const { patientId, studyId, siteId } = body;
  requireCovered(grant, { siteIds: [siteId] }, 'site');
  const hash = contentHash(deps.hashKey, body);
  const [sites, admission] = await Promise.all([
    deps.clients.patient.sitesOfPerson({ ctx, input: { patientId } }),
    deps.clients.study.checkAdmission({ ctx, input: { studyId, siteId, patientId, requestKey, contentHash: hash } }),
  ]);
  if (!sites) throw notFound('patient');
  requireCovered(grant, { ...sites, patientId }, 'patient');
  if (admission.known) return existing(deps, asked, admission.known);
  const { missing, study, site, protocol } = admission;
  if (!study) throw notFound('study');
  if (missing.length > 0 || !site || !protocol) throw await refused(deps, asked, { missing, hash });
  await Promise.all([requireSigners(deps, { ctx, signing: body, consentRule: protocol.consentRule }), checkRescreen(deps, asked)]);
  const enrollmentId = uuidv7();
  const { id: userId, name, role } = asked.user;
  const actor = { id: userId, name, role };
  const assertion = await deps.assert({ ...asserting(asked), about: enrollmentId, content: consentContent(body) });
  const started = await deps.enrollments.start({
    ...body,
    enrollmentId,
    studyCode: study.code,
    siteCode: site.code,
    requestKey,
    contentHash: hash,
    protocol,
    actor,
    requestId: ctx.requestId,
    ...(ctx.origin === undefined ? {} : { origin: ctx.origin }),
    assertion,
  }, { mayFollow: mayFollow || admission.hasRecord });
  if (started.kind === 'overtaken') return null;
  const result = started.kind === 'recorded' ? started.result : null;
  const stage = result?.stage ?? 'consent';
  const outcome = result?.outcome ?? null;
  const facts = {
    enrollmentId: started.kind === 'recorded' ? started.result.enrollmentId : started.enrollmentId,
    patientId,
    studyId,
    studyCode: study.code,
    siteId,
    siteCode: site.code,
    stage,
    outcome,
    status: statusOf({ stage, outcome }),
    needsAttention: false,
    subjectNumber: null,
    consentId: result?.consentId ?? null,
    consentValidity: result?.validity,
    rescreenOf: body.rescreenOf,
  };
  const status = result ? (result.started ? 201 : 200) : 202;
  return { status, enrollment: toEnrollmentResponse(facts, { reasons: showsReasons(grant) }) };
}

function asserting({ user: { id: userId, name, role }, requestKey: key, authentication }: Asked) {
  return { actor: { id: userId, name, role }, operation: 'createEnrollment', key, authentication } as const;
}

/** What Patient records of it. */
export function consentContent({ patientId, studyId, siteId, capacity, canRead, consent }: Omit<CreateEnrollment, 'rescreenOf'>) {
  return { patientId, studyId, siteId, capacity, canRead, consent };
}

async function existing(deps: Deps, asked: Asked, known: NonNullable<Admission['known']>): Promise<Created> {
  const { ctx, grant } = asked;
  const { enrollmentId, by, sameContent } = known;
  if (sameContent) {
    const facts = await locate(deps, { ctx, enrollmentId, grant });
    return { status: by === 'request_key' ? 201 : 200, enrollment: await show(deps, { ctx, facts, grant }) };
  }
  if (by === 'request_key') {
    throw new DomainError('conflict', 'key_reused', 'This idempotency key was used for other content; use a new key.');
  }
  const record = await deps.clients.study.getEnrollment({ ctx, input: { enrollmentId } });
  const mayKnow = record && covers(grant, { siteIds: [record.siteId], studyId: record.studyId });
  throw new DomainError('conflict', 'already_enrolled', 'The person has an open or active enrollment in this study, with other content.', {
    details: mayKnow ? { enrollmentId } : {},
  });
}

async function refused({ clients, assert }: Deps, asked: Asked, { missing, hash }: { missing: string[]; hash: string }): Promise<DomainError> {
  const { ctx, body } = asked;
  const { patientId, studyId, siteId, capacity, canRead, consent } = body;
  // By content, not by request: the same paper sent in again is the same consent, and the request may be admissible later.
  const key = `refused/${hash}`;
  const input = { patientId, studyId, siteId, enrollmentId: null, requestKey: key, capacity, canRead, consent };
  const assertion = await assert({ ...asserting(asked), about: patientId, content: consentContent(body) });
  const { consentId } = await clients.patient.recordConsent({ ctx: { ...ctx, assertion }, key, input });
  const onlyCap = missing.length === 1 && missing[0] === 'cap_reached';
  const text = onlyCap ? 'The site has no place left.' : 'This enrollment is not admissible.';
  return new DomainError('conflict', onlyCap ? 'cap_reached' : 'not_admissible', `${text} The consent is recorded; nothing was started.`, {
    details: { missing, consentId },
  });
}

/** A re-screening follows an enrollment of the same person in the same study that has come to its end. */
async function checkRescreen({ clients }: Deps, { ctx, body }: Asked): Promise<void> {
  const { rescreenOf, patientId, studyId } = body;
  if (rescreenOf === null) return;
  const before = await clients.study.getEnrollment({ ctx, input: { enrollmentId: rescreenOf } });
  if (before?.patientId === patientId && before.studyId === studyId && before.outcome !== null) return;
  throw new DomainError('invalid', 'rescreen_of_invalid', 'rescreenOf must name an ended enrollment of this person in this study.');
}
