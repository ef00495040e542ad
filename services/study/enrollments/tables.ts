import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgSchema, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { sealed } from '../../../db/encryption/columns.ts';
import type { Actor } from '../../common/index.ts';
import { studies } from '../tables.ts';
import type { SubjectStatus } from '../vocabulary.ts';
import { EXPIRY_REASONS, OUTCOMES, REFUSAL_REASONS, STAGES } from '../vocabulary.ts';

// What happens to the participants of a study: numbers, screening log, the records and their timeline.
const schema = pgSchema('study');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

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
    reason: sealed('reason'),
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
    studyId: uuid('study_id')
      .notNull()
      .references(() => studies.id),
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
    outcomeReason: sealed('outcome_reason'),
    /** The deadline of an expired one: a code, counted in SQL, where the reason is sealed. */
    expiryReason: text('expiry_reason', { enum: EXPIRY_REASONS }),
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
    check(
      'enrollments_expiry_reason',
      sql`${t.expiryReason} is null or (${t.outcome} = 'expired' and ${t.expiryReason} in ('screening_window', 'eligibility_signature', 'reconsent_deadline', 'other'))`,
    ),
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
    /** What of the details is in somebody's own words: sealed JSON. */
    words: sealed('words'),
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
    description: sealed('description').notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
    at: instant('at').notNull(),
  },
  (t) => [index('deviations_enrollment').on(t.enrollmentId, t.id)],
);
