import { index, jsonb, pgSchema, text, timestamp, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { ledgerTables } from '../../db/ledger.ts';
import type { ProtocolBody } from './protocol-schema.ts';
import { STUDY_STATUSES } from './vocabulary.ts';

// Not exported: drizzle-kit would emit CREATE SCHEMA, which the service's role may not do.
const schema = pgSchema('study');

export const { commandKeys, auditEntries, auditSeals, dataKeys } = ledgerTables(schema);

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
