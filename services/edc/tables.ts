import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  boolean,
  check,
  customType,
  date,
  integer,
  jsonb,
  pgSchema,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { sealed } from '../../db/encryption/columns.ts';
import { ledgerTables } from '../../db/ledger.ts';
import type { Actor } from '../common/index.ts';

// Not exported: drizzle-kit would emit CREATE SCHEMA, which the service's role may not do.
const schema = pgSchema('edc');

export const { commandKeys, auditEntries, auditSeals, dataKeys } = ledgerTables(schema);

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
/** A calendar date at the site: no instant, so no shift by daylight saving. */
const localDate = (name: string) => date(name, { mode: 'string' });
/** A number, a yes or no, or a text, such as a calendar date. */
export type ResultValue = number | boolean | string;
/** JSON that the driver has parsed already: Drizzle's own parses it once more, and the text "5" comes back as a number. */
const resultValue = customType<{ data: ResultValue; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => value as ResultValue,
});

export const CASEBOOK_STATUSES = ['open', 'locked', 'closed'] as const;

/** The forms of one participant. Never deleted: one that was opened in vain is closed. */
export const casebooks = schema.table(
  'casebooks',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    studyId: uuid('study_id').notNull(),
    siteId: uuid('site_id').notNull(),
    subjectNumber: text('subject_number').notNull(),
    protocolVersionId: uuid('protocol_version_id').notNull(),
    status: text('status', { enum: CASEBOOK_STATUSES }).notNull(),
    /** Why it was locked or closed. */
    statusReason: sealed('status_reason'),
    /** IANA name of the site's time zone when the visits were planned. */
    timezone: text('timezone').notNull(),
    openedAt: instant('opened_at').notNull(),
    lockedAt: instant('locked_at'),
    closedAt: instant('closed_at'),
  },
  (t) => [
    uniqueIndex('casebooks_enrollment').on(t.enrollmentId),
    check('casebooks_status', sql`${t.status} in ('open', 'locked', 'closed')`),
  ],
);

/** The planned visits of a casebook, as the protocol version had them when it was opened. */
export const visits = schema.table(
  'visits',
  {
    id: uuid('id').primaryKey(),
    casebookId: uuid('casebook_id')
      .notNull()
      .references(() => casebooks.id),
    /** Place in the protocol's list. */
    position: integer('position').notNull(),
    code: text('code').notNull(),
    anchor: text('anchor').notNull(),
    visitOffset: text('visit_offset').notNull(),
    visitWindow: text('visit_window').notNull(),
    forms: jsonb('forms').$type<string[]>().notNull(),
    /** Null as long as the anchor's date isn't known. */
    plannedDate: localDate('planned_date'),
    windowFrom: localDate('window_from'),
    windowTo: localDate('window_to'),
  },
  (t) => [uniqueIndex('visits_position').on(t.casebookId, t.position)],
);

export const EPRO_STATUSES = ['on', 'off'] as const;

/** Which diaries a participant is asked for. Never deleted, only switched off. */
export const eproSchedules = schema.table(
  'epro_schedules',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    studyId: uuid('study_id').notNull(),
    siteId: uuid('site_id').notNull(),
    protocolVersionId: uuid('protocol_version_id').notNull(),
    status: text('status', { enum: EPRO_STATUSES }).notNull(),
    statusReason: sealed('status_reason'),
    /** IANA name: the forms' times are wall-clock times there. */
    timezone: text('timezone').notNull(),
    startedAt: instant('started_at').notNull(),
    stoppedAt: instant('stopped_at'),
  },
  (t) => [
    uniqueIndex('epro_schedules_enrollment').on(t.enrollmentId),
    check('epro_schedules_status', sql`${t.status} in ('on', 'off')`),
  ],
);

/** One form of a schedule: asked `every` so often at `at`, from the first to the last date (both included). */
export const eproForms = schema.table(
  'epro_forms',
  {
    id: uuid('id').primaryKey(),
    scheduleId: uuid('schedule_id')
      .notNull()
      .references(() => eproSchedules.id),
    position: integer('position').notNull(),
    form: text('form').notNull(),
    every: text('every').notNull(),
    at: text('at').notNull(),
    firstDate: localDate('first_date').notNull(),
    lastDate: localDate('last_date').notNull(),
  },
  (t) => [uniqueIndex('epro_forms_position').on(t.scheduleId, t.position)],
);

export const SCREENING_STATUSES = ['open', 'closed'] as const;

/** The screening forms of one participant (domain step 2). Never deleted: those that were opened in vain are closed. */
export const screenings = schema.table(
  'screenings',
  {
    id: uuid('id').primaryKey(),
    enrollmentId: uuid('enrollment_id').notNull(),
    studyId: uuid('study_id').notNull(),
    siteId: uuid('site_id').notNull(),
    subjectNumber: text('subject_number').notNull(),
    protocolVersionId: uuid('protocol_version_id').notNull(),
    /** Screening procedures come after it (domain step 3). */
    consentSignedAt: instant('consent_signed_at').notNull(),
    /** What the protocol's criteria ask for, in their order. */
    items: jsonb('items').$type<string[]>().notNull(),
    status: text('status', { enum: SCREENING_STATUSES }).notNull(),
    statusReason: sealed('status_reason'),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at'),
  },
  (t) => [
    uniqueIndex('screenings_enrollment').on(t.enrollmentId),
    check('screenings_status', sql`${t.status} in ('open', 'closed')`),
  ],
);

/** What was found for an item. Never overwritten: a correction is a row of its own (ICH E6(R3) 4.2.4). */
export const screeningResults = schema.table(
  'screening_results',
  {
    id: uuid('id').primaryKey(),
    screeningId: uuid('screening_id')
      .notNull()
      .references(() => screenings.id),
    /** Counts a screening's rows from 1, without gaps. */
    entry: integer('entry').notNull(),
    item: text('item').notNull(),
    value: resultValue('value').notNull(),
    unit: text('unit'),
    performedAt: instant('performed_at').notNull(),
    /** Would have been done without the trial, too: may be older than the consent. */
    standardOfCare: boolean('standard_of_care').notNull(),
    /** Why the row that this one replaces was corrected. */
    reason: sealed('reason'),
    replaces: uuid('replaces').references((): AnyPgColumn => screeningResults.id),
    current: boolean('current').notNull(),
    enteredAt: instant('entered_at').notNull(),
    enteredBy: jsonb('entered_by').$type<Actor>().notNull(),
  },
  (t) => [
    uniqueIndex('screening_results_entry').on(t.screeningId, t.entry),
    uniqueIndex('screening_results_one_current').on(t.screeningId, t.item).where(sql`current`),
    uniqueIndex('screening_results_replaces').on(t.replaces),
    check('screening_results_reason', sql`${t.replaces} is null or ${t.reason} is not null`),
  ],
);
