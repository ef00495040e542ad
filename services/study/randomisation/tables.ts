import { index, integer, jsonb, pgSchema, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type { Actor } from '../../common/index.ts';

// Arms, positions, block sizes and seeds: nothing of these tables leaves Study but to unblinded roles.
const schema = pgSchema('study');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** One list for each protocol version that randomises; everything in it follows from the seed. */
export const randomisationLists = schema.table('randomisation_lists', {
  protocolVersionId: uuid('protocol_version_id').primaryKey(),
  studyId: uuid('study_id').notNull(),
  /** 32 bytes, hexadecimal. */
  seed: text('seed').notNull(),
  method: text('method').notNull(),
  createdAt: instant('created_at').notNull(),
});

/** A combination of levels (and, where the protocol says so, a site). Its row is locked while an allocation is taken. */
export const randomisationStrata = schema.table(
  'randomisation_strata',
  {
    id: uuid('id').primaryKey(),
    protocolVersionId: uuid('protocol_version_id')
      .notNull()
      .references(() => randomisationLists.protocolVersionId),
    /** Levels in the order of the protocol, then the site: `sex=female/site=…`. */
    key: text('key').notNull(),
    blocks: integer('blocks').notNull(),
    length: integer('length').notNull(),
    /** Position of the next allocation, from 1 on. */
    next: integer('next').notNull(),
  },
  (t) => [uniqueIndex('randomisation_strata_key').on(t.protocolVersionId, t.key)],
);

/** The list itself, made ahead block by block; never changed. */
export const randomisationEntries = schema.table(
  'randomisation_entries',
  {
    stratumId: uuid('stratum_id')
      .notNull()
      .references(() => randomisationStrata.id),
    position: integer('position').notNull(),
    block: integer('block').notNull(),
    arm: text('arm').notNull(),
  },
  (t) => [primaryKey({ name: 'randomisation_entries_position', columns: [t.stratumId, t.position] })],
);

/** What was taken from the list: for good, also after a withdrawal. */
export const allocations = schema.table(
  'allocations',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    stratumId: uuid('stratum_id')
      .notNull()
      .references(() => randomisationStrata.id),
    position: integer('position').notNull(),
    /** As stated when it was taken; a wrong one stands, and the right baseline is recorded beside it. */
    strata: jsonb('strata').$type<Record<string, string>>().notNull(),
    confirmedBy: text('confirmed_by').notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
    at: instant('at').notNull(),
  },
  (t) => [
    uniqueIndex('allocations_enrollment').on(t.enrollmentId),
    uniqueIndex('allocations_position').on(t.stratumId, t.position),
    index('allocations_at').on(t.at),
  ],
);
