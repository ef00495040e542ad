import { index, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';

// Commands and signatures that were refused because they were not what they claimed to be (21 CFR 11.300(d)).
const schema = pgSchema('study');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const MISUSE_REASONS = [
  'missing', 'not_signed', 'other_command', 'other_person', 'other_content', 'not_allowed', 'replayed',
  'stale_authentication', 'not_entitled',
] as const;

/** Only `toldAt` is ever set afterwards: the row is the outbox. */
export const misuses = schema.table(
  'misuses',
  {
    id: uuid('id').primaryKey(),
    /** The enrollment; of a consent outside of one, the person. */
    about: text('about').notNull(),
    operation: text('operation').notNull(),
    why: text('why', { enum: MISUSE_REASONS }).notNull(),
    /** Where it was noticed: `api`, where the person was known by a token, or the service that refused it. */
    via: text('via').notNull(),
    /** Whom the command names; noticed in a service that need not be who sent it. */
    userId: text('user_id').notNull(),
    role: text('role').notNull(),
    at: instant('at').notNull(),
    toldAt: instant('told_at'),
  },
  (t) => [index('misuses_user').on(t.userId, t.via, t.at), index('misuses_about').on(t.about, t.id)],
);
