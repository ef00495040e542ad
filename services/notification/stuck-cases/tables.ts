import { sql } from 'drizzle-orm';
import { index, pgSchema, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { STUCK_KINDS } from '../../common/stuck.ts';

// What the watch has found stuck, and what operators were told of it.
const schema = pgSchema('notification');
const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** One row per case; of a subject at most one is open. Ids and codes only. */
export const stuckCases = schema.table(
  'stuck_cases',
  {
    id: uuid('id').primaryKey(),
    subject: text('subject').notNull(),
    /** Null of a queue. */
    workflowId: text('workflow_id'),
    enrollmentId: uuid('enrollment_id'),
    kind: text('kind', { enum: STUCK_KINDS }).notNull(),
    step: text('step').notNull(),
    code: text('code'),
    suggestion: text('suggestion').notNull(),
    since: at('since').notNull(),
    foundAt: at('found_at').notNull(),
    /** Null until operators were told, by the watch or by the run itself. */
    toldAt: at('told_at'),
    escalatedAt: at('escalated_at'),
    overAt: at('over_at'),
  },
  (t) => [
    uniqueIndex('stuck_cases_open').on(t.subject).where(sql`${t.overAt} is null`),
    index('stuck_cases_subject').on(t.subject, t.overAt),
  ],
);

export type StuckCaseRow = typeof stuckCases.$inferSelect;
