import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgSchema, primaryKey, text, timestamp, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { ledgerTables } from '../../db/ledger.ts';
import type { Actor } from '../common/index.ts';
import type { Explained } from './eligibility-types.ts';
import type { ProtocolBody } from './protocol-schema.ts';
import type { SubjectStatus } from './vocabulary.ts';
import { OUTCOMES, REFUSAL_REASONS, STAGES, STUDY_STATUSES } from './vocabulary.ts';

// Not exported: drizzle-kit would emit CREATE SCHEMA, which the service's role may not do.
const schema = pgSchema('study');

export const { commandKeys, auditEntries } = ledgerTables(schema);

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const studies = schema.table(
  'studies',
  {
    id: uuid('id').primaryKey(),
    code: text('code').notNull(),
    title: text('title').notNull(),
    phase: text('phase'),
    sponsor: text('sponsor'),
    status: text('status', { enum: STUDY_STATUSES }).notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [uniqueIndex('studies_code').on(t.code)],
);

const ofStudy = () =>
  uuid('study_id')
    .notNull()
    .references(() => studies.id);

/** Never changed once added: an enrollment stays with the version that it started under. */
export const protocolVersions = schema.table(
  'protocol_versions',
  {
    id: uuid('id').primaryKey(),
    studyId: ofStudy(),
    version: text('version').notNull(),
    effectiveAt: instant('effective_at').notNull(),
    body: jsonb('body').$type<ProtocolBody>().notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [uniqueIndex('protocol_versions_version').on(t.studyId, t.version)],
);

/** In force at one site, in one language, from `effectiveAt` until just before `supersededAt`. */
export const consentVersions = schema.table(
  'consent_versions',
  {
    id: uuid('id').primaryKey(),
    studyId: ofStudy(),
    siteId: uuid('site_id').notNull(),
    language: text('language').notNull(),
    version: text('version').notNull(),
    approvedAt: instant('approved_at').notNull(),
    effectiveAt: instant('effective_at').notNull(),
    supersededAt: instant('superseded_at'),
    documentSha256: text('document_sha256').notNull(),
    concerns: text('concerns'),
    /** Whom it concerns; `new`: only who signs from then on. */
    appliesTo: text('applies_to', { enum: ['all', 'new'] }).notNull().default('all'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('consent_versions_version').on(t.studyId, t.siteId, t.language, t.version),
    uniqueIndex('consent_versions_effective').on(t.studyId, t.siteId, t.language, t.effectiveAt),
  ],
);

export const investigators = schema.table(
  'investigators',
  {
    id: uuid('id').primaryKey(),
    studyId: ofStudy(),
    siteId: uuid('site_id').notNull(),
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    email: text('email').notNull(),
    role: text('role', { enum: ['principal', 'sub'] }).notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [uniqueIndex('investigators_user').on(t.studyId, t.siteId, t.userId)],
);

/** Who else is told; without a site: about all of them. */
export const contacts = schema.table(
  'contacts',
  {
    id: uuid('id').primaryKey(),
    studyId: ofStudy(),
    siteId: uuid('site_id'),
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    email: text('email').notNull(),
    role: text('role').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [unique('contacts_user').on(t.studyId, t.siteId, t.userId, t.role).nullsNotDistinct()],
);

/** The delegation log of a site (ICH E6(R3)): valid from `validFrom` until just before `validTo` or `endedAt`. */
export const delegations = schema.table(
  'delegations',
  {
    id: uuid('id').primaryKey(),
    studyId: ofStudy(),
    siteId: uuid('site_id').notNull(),
    userId: text('user_id').notNull(),
    tasks: text('tasks').array().notNull(),
    validFrom: instant('valid_from').notNull(),
    validTo: instant('valid_to'),
    endedAt: instant('ended_at'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [index('delegations_user').on(t.studyId, t.siteId, t.userId)],
);

/** The last subject number given at a site; its row is locked by the transaction that gives the next. */
export const subjectCounters = schema.table(
  'subject_counters',
  {
    studyId: uuid('study_id').notNull(),
    siteId: uuid('site_id').notNull(),
    last: integer('last').notNull(),
  },
  (t) => [primaryKey({ name: 'subject_counters_site', columns: [t.studyId, t.siteId] })],
);

/** One line for each person who got a subject number; lines are closed with the outcome, never deleted. */
export const screeningLog = schema.table(
  'screening_log',
  {
    enrollmentId: uuid('enrollment_id').primaryKey(),
    studyId: uuid('study_id').notNull(),
    siteId: uuid('site_id').notNull(),
    subjectNumber: text('subject_number').notNull(),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at'),
    outcome: text('outcome', { enum: OUTCOMES }),
    reason: text('reason'),
  },
  (t) => [
    uniqueIndex('screening_log_number').on(t.studyId, t.subjectNumber),
    index('screening_log_site').on(t.studyId, t.siteId, t.openedAt),
    index('screening_log_page').on(t.studyId, t.siteId, t.enrollmentId),
  ],
);

/** Lines of the screening log for who was approached and never signed: without consent nothing of the person is kept. */
export const screeningRefusals = schema.table(
  'screening_refusals',
  {
    id: uuid('id').primaryKey(),
    studyId: ofStudy(),
    siteId: uuid('site_id').notNull(),
    reason: text('reason', { enum: REFUSAL_REASONS }).notNull(),
    at: instant('at').notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
  },
  (t) => [index('screening_refusals_page').on(t.studyId, t.siteId, t.id)],
);

/**
 * The record of an enrollment. `open` stands for no outcome yet: a value, not null, because only equality
 * with a value keeps the order of an index, on which the cost of a page rests (list-enrollments.ts).
 */
export const enrollments = schema.table(
  'enrollments',
  {
    id: uuid('id').primaryKey(),
    studyId: uuid('study_id').notNull(),
    studyCode: text('study_code').notNull(),
    siteId: uuid('site_id').notNull(),
    siteCode: text('site_code').notNull(),
    patientId: uuid('patient_id').notNull(),
    protocolVersionId: uuid('protocol_version_id').notNull(),
    requestKey: text('request_key').notNull(),
    contentHash: text('content_hash').notNull(),
    rescreenOf: uuid('rescreen_of'),
    stage: text('stage', { enum: STAGES }).notNull(),
    status: text('status').$type<SubjectStatus>().notNull(),
    outcome: text('outcome', { enum: ['open', ...OUTCOMES] }).notNull().default('open'),
    outcomeReason: text('outcome_reason'),
    needsAttention: boolean('needs_attention').notNull().default(false),
    stuckStep: text('stuck_step'),
    awaitingWhat: text('awaiting_what'),
    awaitingWho: text('awaiting_who'),
    awaitingUntil: instant('awaiting_until'),
    subjectNumber: text('subject_number'),
    consentId: uuid('consent_id'),
    enrolledAt: instant('enrolled_at'),
    enrollmentVoidedAt: instant('enrollment_voided_at'),
    revision: integer('revision').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    uniqueIndex('enrollments_request_key').on(t.requestKey),
    uniqueIndex('enrollments_one_open')
      .on(t.studyId, t.patientId)
      .where(sql`${t.outcome} in ('open', 'active')`),
    index('enrollments_patient').on(t.patientId, t.id),
    index('enrollments_study').on(t.studyId, t.id),
    index('enrollments_site').on(t.siteId, t.id),
    index('enrollments_study_site').on(t.studyId, t.siteId, t.id),
    index('enrollments_state').on(t.stage, t.outcome, t.needsAttention, t.id),
    index('enrollments_study_state').on(t.studyId, t.stage, t.outcome, t.needsAttention, t.id),
    index('enrollments_site_state').on(t.siteId, t.stage, t.outcome, t.needsAttention, t.id),
    index('enrollments_study_site_state').on(t.studyId, t.siteId, t.stage, t.outcome, t.needsAttention, t.id),
    index('enrollments_awaiting')
      .on(t.awaitingWhat, t.stage, t.outcome, t.needsAttention, t.id)
      .where(sql`${t.awaitingWhat} is not null`),
    index('enrollments_study_awaiting')
      .on(t.studyId, t.awaitingWhat, t.stage, t.outcome, t.needsAttention, t.id)
      .where(sql`${t.awaitingWhat} is not null`),
    index('enrollments_site_awaiting')
      .on(t.siteId, t.awaitingWhat, t.stage, t.outcome, t.needsAttention, t.id)
      .where(sql`${t.awaitingWhat} is not null`),
    index('enrollments_study_site_awaiting')
      .on(t.studyId, t.siteId, t.awaitingWhat, t.stage, t.outcome, t.needsAttention, t.id)
      .where(sql`${t.awaitingWhat} is not null`),
    check('enrollments_revision', sql`${t.revision} >= 0`),
  ],
);

/** What happened to an enrollment, in order: protocol milestones (SDTM DS terms) and the workflow's own. */
export const milestones = schema.table(
  'milestones',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    /** When it took place; the row's id tells when it was recorded. */
    at: instant('at').notNull(),
    event: text('event').notNull(),
    stage: text('stage', { enum: STAGES }).notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
    details: jsonb('details').$type<Record<string, unknown>>().notNull(),
  },
  (t) => [index('milestones_enrollment').on(t.enrollmentId, t.id)],
);

export const deviations = schema.table(
  'deviations',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    category: text('category').notNull(),
    severity: text('severity', { enum: ['minor', 'major', 'critical'] }).notNull(),
    description: text('description').notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
    at: instant('at').notNull(),
  },
  (t) => [index('deviations_enrollment').on(t.enrollmentId, t.id)],
);

/** What the criteria came to, each time; never changed. `criteria` is what a signature is bound to. */
export const eligibilityEvaluations = schema.table(
  'eligibility_evaluations',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    round: integer('round').notNull(),
    sha256: text('sha256').notNull(),
    verdict: text('verdict', { enum: ['met', 'failed', 'incomplete'] }).notNull(),
    criteria: jsonb('criteria').$type<Explained[]>().notNull(),
    consentId: uuid('consent_id').notNull(),
    consentVersion: text('consent_version').notNull(),
    consentLanguage: text('consent_language').notNull(),
    consentSignedAt: instant('consent_signed_at').notNull(),
    /** How many results EDC had ever been given by then. */
    edcRevision: integer('edc_revision').notNull(),
    at: instant('at').notNull(),
  },
  (t) => [index('eligibility_evaluations_enrollment').on(t.enrollmentId, t.id)],
);

/** Signed decisions (21 CFR 11.50): never changed but for the one-way invalidation; one is in force at a time. */
export const eligibilityDecisions = schema.table(
  'eligibility_decisions',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    round: integer('round').notNull(),
    decision: text('decision', { enum: ['eligible', 'not_eligible'] }).notNull(),
    reason: text('reason'),
    meaning: text('meaning').notNull(),
    signerUserId: text('signer_user_id').notNull(),
    signerName: text('signer_name').notNull(),
    signedAt: instant('signed_at').notNull(),
    sha256: text('sha256'),
    invalidatedAt: instant('invalidated_at'),
    invalidatedByUserId: text('invalidated_by_user_id'),
    invalidatedByName: text('invalidated_by_name'),
    invalidatedReason: text('invalidated_reason'),
  },
  (t) => [
    index('eligibility_decisions_enrollment').on(t.enrollmentId, t.id),
    uniqueIndex('eligibility_decisions_in_force').on(t.enrollmentId).where(sql`${t.invalidatedAt} is null`),
    check(
      'eligibility_decisions_invalidated',
      sql`num_nonnulls(${t.invalidatedAt}, ${t.invalidatedByUserId}, ${t.invalidatedByName}, ${t.invalidatedReason}) in (0, 4)`,
    ),
  ],
);
