import { sql } from 'drizzle-orm';
import { check, index, integer, pgSchema, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { ledgerTables } from '../../db/ledger.ts';

// Not exported: drizzle-kit would emit CREATE SCHEMA, which the service's role may not do.
const schema = pgSchema('site');

export const { commandKeys, auditEntries, auditSeals, dataKeys } = ledgerTables(schema);

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** Institutions. */
export const sites = schema.table(
  'sites',
  {
    id: uuid('id').primaryKey(),
    code: text('code').notNull(),
    name: text('name').notNull(),
    address: text('address'),
    /** IANA name: visits and reminders are planned in it. */
    timezone: text('timezone').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [uniqueIndex('sites_code').on(t.code)],
);

/** One site taking part in one study, with its cap and the counters that every reservation goes through. */
export const activations = schema.table(
  'activations',
  {
    id: uuid('id').primaryKey(),
    studyId: uuid('study_id').notNull(),
    siteId: uuid('site_id')
      .notNull()
      .references(() => sites.id),
    cap: integer('cap').notNull(),
    reserved: integer('reserved').notNull().default(0),
    confirmed: integer('confirmed').notNull().default(0),
    taken: integer('taken').notNull().generatedAlwaysAs(sql`reserved + confirmed`),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('activations_study_site').on(t.studyId, t.siteId),
    index('activations_site').on(t.siteId),
    check('activations_counts', sql`${t.reserved} >= 0 and ${t.confirmed} >= 0`),
    check('activations_cap', sql`${t.reserved} + ${t.confirmed} <= ${t.cap}`),
  ],
);

/** Which protocol versions the ethics committee approved for an activation, and when. */
export const approvals = schema.table(
  'approvals',
  {
    id: uuid('id').primaryKey(),
    activationId: uuid('activation_id')
      .notNull()
      .references(() => activations.id),
    protocolVersion: text('protocol_version').notNull(),
    ethicsApprovedAt: instant('ethics_approved_at').notNull(),
  },
  (t) => [uniqueIndex('approvals_version').on(t.activationId, t.protocolVersion)],
);

export const SLOT_STATUSES = ['reserved', 'confirmed', 'released'] as const;

/** A place under the cap. Rows are never deleted: a released one stays as a record. */
export const slots = schema.table(
  'slots',
  {
    id: uuid('id').primaryKey(),
    activationId: uuid('activation_id')
      .notNull()
      .references(() => activations.id),
    enrollmentId: uuid('enrollment_id').notNull(),
    status: text('status', { enum: SLOT_STATUSES }).notNull(),
    reservedAt: instant('reserved_at').notNull(),
    confirmedAt: instant('confirmed_at'),
    releasedAt: instant('released_at'),
  },
  (t) => [
    uniqueIndex('slots_live_enrollment')
      .on(t.enrollmentId)
      .where(sql`${t.status} in ('reserved', 'confirmed')`),
    index('slots_activation').on(t.activationId),
    check('slots_status', sql`${t.status} in ('reserved', 'confirmed', 'released')`),
  ],
);
