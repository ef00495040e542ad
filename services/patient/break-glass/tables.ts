import { index, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { sealed } from '../../../db/encryption/columns.ts';
import { patients } from '../tables.ts';

const schema = pgSchema('patient');
const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** Emergency access (45 CFR 164.312(a)(2)(ii)): who, to whose data, until when. Only `toldAt` is ever set afterwards: the row is the outbox. */
export const emergencyAccesses = schema.table(
  'emergency_accesses',
  {
    id: uuid('id').primaryKey(),
    patientId: uuid('patient_id').notNull().references(() => patients.id),
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    role: text('role').notNull(),
    reason: sealed('reason').notNull(),
    at: at('at').notNull(),
    until: at('until').notNull(),
    toldAt: at('told_at'),
  },
  (t) => [index('emergency_accesses_user').on(t.userId, t.patientId, t.until), index('emergency_accesses_told').on(t.toldAt, t.id)],
);
