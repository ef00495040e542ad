import { sql } from 'drizzle-orm';
import { check, index, jsonb, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { sealed } from '../../../db/encryption/columns.ts';
import type { Actor } from '../../common/index.ts';
import { studies } from '../tables.ts';

// Who learned an arm, or asked to; the arm itself stands in none of these tables: it is derived from the list on read.
const schema = pgSchema('study');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const UNBLINDING_SCOPES = ['subject', 'study'] as const;

/** Requests to unblind, and who made them; never changed. In force once there is an approval, by somebody else. */
export const unblindings = schema.table(
  'unblindings',
  {
    id: uuid('id').primaryKey(),
    studyId: uuid('study_id')
      .notNull()
      .references(() => studies.id),
    scope: text('scope', { enum: UNBLINDING_SCOPES }).notNull(),
    /** Of a subject's; null for the whole study. */
    enrollmentId: uuid('enrollment_id'),
    reason: sealed('reason').notNull(),
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    role: text('role').notNull(),
    at: instant('at').notNull(),
  },
  (t) => [
    index('unblindings_study').on(t.studyId, t.id),
    index('unblindings_enrollment').on(t.enrollmentId),
    check('unblindings_scope', sql`(${t.scope} = 'subject') = (${t.enrollmentId} is not null)`),
  ],
);

/** One for each request at most. */
export const unblindingApprovals = schema.table('unblinding_approvals', {
  unblindingId: uuid('unblinding_id')
    .primaryKey()
    .references(() => unblindings.id),
  userId: text('user_id').notNull(),
  name: text('name').notNull(),
  role: text('role').notNull(),
  reason: sealed('reason'),
  at: instant('at').notNull(),
});

export const CODE_BREAK_RESULTS = ['broken', 'refused'] as const;

/** Code-breaks, and attempts that the limit refused. Only `toldAt` is ever set afterwards: the row is the outbox. */
export const codeBreaks = schema.table(
  'code_breaks',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    result: text('result', { enum: CODE_BREAK_RESULTS }).notNull(),
    userId: text('user_id').notNull(),
    /** Printed name (21 CFR 11.50). */
    name: text('name').notNull(),
    role: text('role').notNull(),
    reason: sealed('reason').notNull(),
    at: instant('at').notNull(),
    toldAt: instant('told_at'),
  },
  (t) => [
    index('code_breaks_user').on(t.userId, t.enrollmentId, t.at),
    index('code_breaks_enrollment').on(t.enrollmentId, t.id),
    index('code_breaks_untold').on(t.id).where(sql`${t.toldAt} is null`),
  ],
);

/** The right baseline of who was randomised in a wrong stratum, beside the allocation, which stands. */
export const baselineCorrections = schema.table(
  'baseline_corrections',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    strata: jsonb('strata').$type<Record<string, string>>().notNull(),
    reason: sealed('reason').notNull(),
    deviationId: uuid('deviation_id').notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
    at: instant('at').notNull(),
  },
  (t) => [index('baseline_corrections_enrollment').on(t.enrollmentId, t.id)],
);
