import { z } from '@hono/zod-openapi';
import type { Deviation, EnrollmentRecord, TimelineItem } from '../../services/study/index.ts';
import { OUTCOMES, STAGES, statusOf } from '../../services/study/index.ts';
import { actorResponse, toActor } from './actor.ts';
import { patientInfo } from './patient.ts';
import type { EnrollmentView } from '../../workflows/consent-to-enrollment/types.ts';

const attentionItem = z.object({
  step: z.string(),
  since: z.string(),
  code: z.string(),
  why: z.string(),
  actions: z.array(z.enum(['retry', 'skip', 'abort'])),
});

export const enrollmentResponse = z
  .object({
    enrollmentId: z.string(),
    patientId: z.string(),
    studyId: z.string(),
    studyCode: z.string(),
    siteId: z.string(),
    siteCode: z.string(),
    stage: z.enum(STAGES),
    status: z.string().openapi({ description: 'FHIR R4 ResearchSubject.status.' }),
    outcome: z.enum(OUTCOMES).optional(),
    outcomeReason: z.string().optional(),
    needsAttention: z.boolean(),
    stuckStep: z.string().optional(),
    attention: z.array(attentionItem).optional().openapi({ description: 'Live: what needs an operator, and what may be done.' }),
    awaiting: z.object({ what: z.string(), who: z.string(), until: z.string().nullable() }).optional(),
    subjectNumber: z.string().optional(),
    consentId: z.string().optional(),
    consentValidity: z.string().optional(),
    interruption: z.enum(['withdrawal', 'abort', 'expiry']).optional().openapi({ description: 'Live: accepted, being applied.' }),
    rescreenOf: z.string().optional(),
    createdAt: z.string().optional(),
    updatedAt: z.string().optional(),
    degraded: z.array(z.enum(['temporal', 'patient'])).optional().openapi({ description: 'What could not be asked, so that its part is missing.' }),
  })
  .openapi('Enrollment');
export type EnrollmentResponse = z.output<typeof enrollmentResponse>;

export const enrollmentWithParticipant = enrollmentResponse
  .extend({
    patientInfo: patientInfo.nullable().optional().openapi({ description: 'The participant, masked, for who may see persons; null when that could not be asked.' }),
  })
  .openapi('EnrollmentWithParticipant');
export type EnrollmentWithParticipant = z.output<typeof enrollmentWithParticipant>;

type Recorded =
  | 'enrollmentId' | 'patientId' | 'studyId' | 'studyCode' | 'siteId' | 'siteCode' | 'stage' | 'status' | 'outcome'
  | 'needsAttention' | 'subjectNumber' | 'consentId';
/** What is known of an enrollment, from the record or, before there is one, from its consent or its run. */
export type EnrollmentFacts = Pick<EnrollmentRecord, Recorded> &
  Partial<Omit<EnrollmentRecord, Recorded>> & { consentValidity?: string | undefined };

export type ShownWith = { live?: EnrollmentView; degraded?: boolean; reasons: boolean };

/** The record, with live details over it where there are any. Reasons are free text: for those who know the person. */
export function toEnrollmentResponse(facts: EnrollmentFacts, { live, degraded, reasons }: ShownWith): EnrollmentResponse {
  const stage = live?.stage ?? facts.stage;
  const outcome = live ? live.outcome : facts.outcome;
  const unmoved = stage === facts.stage && outcome === facts.outcome;
  const { enrollmentId, patientId, studyId, studyCode, siteId, siteCode } = facts;
  return withoutNulls({
    enrollmentId,
    patientId,
    studyId,
    studyCode,
    siteId,
    siteCode,
    stage,
    status: unmoved ? facts.status : statusOf({ stage, outcome }),
    outcome,
    outcomeReason: reasons ? facts.outcomeReason : null,
    needsAttention: live?.needsAttention ?? facts.needsAttention,
    stuckStep: live ? live.stuckStep : facts.stuckStep,
    attention: live && live.attention.length > 0 ? live.attention.map(({ step, since, code, why, actions }) => ({ step, since, code, why, actions })) : null,
    awaiting: shownAwaiting(live ? live.awaiting : facts.awaiting),
    subjectNumber: live?.subjectNumber ?? facts.subjectNumber,
    consentId: live?.consentId ?? facts.consentId,
    consentValidity: live?.validity ?? facts.consentValidity,
    interruption: live && live.outcome === null ? live.interruption : null,
    rescreenOf: facts.rescreenOf,
    createdAt: facts.createdAt,
    updatedAt: facts.updatedAt,
    degraded: degraded ? ['temporal' as const] : null,
  });
}

function shownAwaiting(awaiting: EnrollmentRecord['awaiting'] | undefined) {
  return awaiting ? { what: awaiting.what, who: awaiting.who, until: awaiting.until } : null;
}

/** Optional members are absent, not null. */
function withoutNulls<T extends Record<string, unknown>>(members: T) {
  const present = Object.entries(members).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T as null extends T[K] ? never : undefined extends T[K] ? never : K]: T[K] } & {
    [K in keyof T as null extends T[K] ? K : undefined extends T[K] ? K : never]?: NonNullable<T[K]>;
  };
}

export const timelineItem = z
  .object({ at: z.string(), event: z.string(), stage: z.enum(STAGES), actor: actorResponse, details: z.record(z.string(), z.unknown()) })
  .openapi('TimelineItem');

/** Reasons are free text: for those who know the person. */
export function toTimelineItem({ at, event, stage, actor, details }: TimelineItem, { reasons }: { reasons: boolean }): z.output<typeof timelineItem> {
  const { reason: _reason, ...others } = details;
  return { at, event, stage, actor: toActor(actor), details: reasons ? details : others };
}

export const deviationResponse = z
  .object({
    deviationId: z.string(),
    enrollmentId: z.string(),
    category: z.string(),
    severity: z.string(),
    description: z.string(),
    at: z.string(),
    actor: actorResponse,
  })
  .openapi('Deviation');

export function toDeviation(deviation: Deviation): z.output<typeof deviationResponse> {
  const { deviationId, enrollmentId, category, severity, description, at, actor } = deviation;
  return { deviationId, enrollmentId, category, severity, description, at, actor: toActor(actor) };
}
