import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgSchema, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { sealed } from '../../../db/encryption/columns.ts';
import type { Explained } from './eligibility-types.ts';

const schema = pgSchema('study');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

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
    reason: sealed('reason'),
    meaning: sealed('meaning').notNull(),
    signerUserId: text('signer_user_id').notNull(),
    signerName: text('signer_name').notNull(),
    signedAt: instant('signed_at').notNull(),
    sha256: text('sha256'),
    /** Of this record as it was signed; absent in what was signed before it was kept. Sealed, or it would confirm guesses. */
    recordSha256: sealed('record_sha256'),
    /** The API's assertion that the signer gave this decision: the evidence of the signature. */
    assertion: text('assertion'),
    invalidatedAt: instant('invalidated_at'),
    invalidatedByUserId: text('invalidated_by_user_id'),
    invalidatedByName: text('invalidated_by_name'),
    invalidatedReason: sealed('invalidated_reason'),
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
