import { z } from 'zod';
import { code, email, id, instant, pageRequest, sha256, text, userId } from '../common/index.ts';
import { OUTCOMES, REFUSAL_REASONS, STAGES } from './vocabulary.ts';

export type { Criterion } from './eligibility/criterion-schema.ts';
export { protocolBody, type ProtocolBody, type ProtocolInput } from './protocol-schema.ts';

/** Body of POST /studies. */
export const newStudy = z.strictObject({
  code,
  title: text(300),
  phase: text(40).optional(),
  sponsor: text(200).optional(),
});
export type NewStudy = z.output<typeof newStudy>;

/** BCP 47, as far as consent documents need it: language, script, region. */
const language = z.string().regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/, 'a language tag such as zh-CN');

/** Body of POST /studies/{studyId}/consent-versions. */
export const newConsentVersion = z
  .strictObject({
    version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$/, 'letters, digits, ".", "_", "-", at most 20'),
    siteId: id,
    language,
    approvedAt: instant,
    effectiveAt: instant,
    documentSha256: sha256,
    concerns: text(500).optional(),
    /** Whom it concerns: everybody, or only who signs from now on. Without a word: everybody. */
    appliesTo: z.enum(['all', 'new']).optional(),
  })
  .refine((it) => it.approvedAt <= it.effectiveAt, { path: ['effectiveAt'], message: 'must not come before the approval' });
export type NewConsentVersion = z.output<typeof newConsentVersion>;

/** Body of POST /studies/{studyId}/investigators. */
export const newInvestigator = z.strictObject({
  userId,
  name: text(200),
  email,
  siteId: id,
  role: z.enum(['principal', 'sub']),
});
export type NewInvestigator = z.output<typeof newInvestigator>;

export const CONTACT_ROLES = ['coordinator', 'monitor', 'sponsor', 'medical-monitor', 'pharmacist', 'privacy-officer'] as const;

/** Body of POST /studies/{studyId}/contacts; without `siteId` the contact is told about all sites. */
export const newContact = z.strictObject({
  userId,
  name: text(200),
  email,
  siteId: id.optional(),
  role: z.enum(CONTACT_ROLES),
});
export type NewContact = z.output<typeof newContact>;

/** Body of POST /studies/{studyId}/delegations; valid from `from` until just before `to`. */
export const newDelegation = z
  .strictObject({
    userId,
    siteId: id,
    tasks: z
      .array(z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'a task such as consent, eligibility, unblinding'))
      .min(1)
      .max(20)
      .refine((tasks) => new Set(tasks).size === tasks.length, 'must not contain the same twice'),
    from: instant,
    to: instant.optional(),
  })
  .refine((it) => it.to === undefined || it.from < it.to, { path: ['to'], message: 'must come after "from"' });
export type NewDelegation = z.output<typeof newDelegation>;

/** Body of POST /studies/{studyId}/screening-log. Codes only: who has not consented stays unnamed. */
export const newRefusal = z.strictObject({ siteId: id, reason: z.enum(REFUSAL_REASONS), at: instant });
export type NewRefusal = z.output<typeof newRefusal>;

/** Query of GET /studies/{studyId}/screening-log. */
export const screeningLogQuery = pageRequest.extend({ siteId: id }).strict();

/** Body of POST /enrollments/{enrollmentId}/deviations. */
export const newDeviation = z.strictObject({
  category: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'lower-case letters, digits, "_", "-", at most 40'),
  severity: z.enum(['minor', 'major', 'critical']),
  description: text(2000),
});
export type NewDeviation = z.output<typeof newDeviation>;

/** Filters of GET /enrollments; `awaiting` is what is awaited. The API adds the caller's scope (`siteIds`, `studyIds`). */
export const enrollmentFilters = pageRequest.extend({
  studyId: id.optional(),
  siteId: id.optional(),
  stage: z.enum(STAGES).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  needsAttention: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
  awaiting: text(80).optional(),
  patientId: id.optional(),
});
export type EnrollmentFilters = z.output<typeof enrollmentFilters>;

/** Query of GET /studies/{studyId}/randomisation-list. The cursor is the last entry: its stratum and position. */
export const randomisationListQuery = pageRequest
  .extend({ cursor: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\d{1,9}$/, 'a cursor of this list').optional() })
  .strict();

/** Body of POST /enrollments/{enrollmentId}/code-break. */
export const newCodeBreak = z.strictObject({ reason: text(1000) });

/** Body of POST /studies/{studyId}/unblindings. */
export const newUnblinding = z
  .strictObject({ scope: z.enum(['subject', 'study']), enrollmentId: id.optional(), reason: text(1000) })
  .refine((it) => (it.scope === 'subject') === (it.enrollmentId !== undefined), { path: ['enrollmentId'], message: 'of a subject, and only of a subject' });
export type NewUnblinding = z.output<typeof newUnblinding>;

/** Body of POST /studies/{studyId}/unblindings/{unblindingId}/approve. */
export const newApproval = z.strictObject({ reason: text(1000).optional() });

/** Body of POST /enrollments/{enrollmentId}/randomisation/baseline-correction. */
export const newBaselineCorrection = z.strictObject({
  strata: z.record(z.string().min(1).max(40), z.string().min(1).max(100)).refine((it) => Object.keys(it).length <= 20, 'at most 20'),
  reason: text(1000),
});
export type NewBaselineCorrection = z.output<typeof newBaselineCorrection>;
