import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgSchema, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { sealed } from '../../db/encryption/columns.ts';
import { ledgerTables } from '../../db/ledger.ts';
import { SEXES, SIGNER_ROLES } from './schemas.ts';

// Not exported: drizzle-kit would emit CREATE SCHEMA, which the service's role may not do.
const schema = pgSchema('patient');

export const { commandKeys, auditEntries, auditSeals, dataKeys } = ledgerTables(schema);

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** What identifies a person is sealed under the person's data key (owner: the person's id). */
export const patients = schema.table(
  'patients',
  {
    id: uuid('id').primaryKey(),
    name: sealed('name').notNull(),
    mobile: sealed('mobile'),
    /** Keyed HMAC, for searching. Not unique: families share a number. */
    mobileHash: text('mobile_hash'),
    email: sealed('email'),
    dateOfBirth: sealed('date_of_birth'),
    sex: text('sex', { enum: SEXES }),
    /** The sites that registered this person. */
    siteIds: uuid('site_ids').array().notNull(),
    version: integer('version').notNull().default(1),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
    /** The data key was destroyed: what is sealed can't be read any more. */
    erasedAt: at('erased_at'),
  },
  (t) => [index('patients_mobile_hash').on(t.mobileHash, t.id)],
);

export const patientIdentifiers = schema.table(
  'patient_identifiers',
  {
    id: uuid('id').primaryKey(),
    patientId: uuid('patient_id').notNull().references(() => patients.id),
    type: text('type').notNull(),
    country: text('country').notNull(),
    value: sealed('value').notNull(),
    /** Keyed HMAC over type, country and value: one person per identifier. */
    hash: text('hash').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [
    uniqueIndex('patient_identifiers_hash').on(t.hash),
    uniqueIndex('patient_identifiers_one_resident_id').on(t.patientId).where(sql`type = 'resident-id' and country = 'CN'`),
    index('patient_identifiers_patient').on(t.patientId, t.id),
  ],
);

export const historyEntries = schema.table(
  'history_entries',
  {
    id: uuid('id').primaryKey(),
    patientId: uuid('patient_id').notNull().references(() => patients.id),
    /** JSON of a HistoryEntry. */
    entry: sealed('entry').notNull(),
    recordedAt: at('recorded_at').notNull(),
  },
  (t) => [index('history_entries_patient').on(t.patientId, t.id)],
);

/** FHIR R4 Consent.status; a recorded consent is active, and a mistake becomes entered-in-error. */
export const CONSENT_STATUSES = ['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error'] as const;
export const VALIDITIES = ['valid', 'version_not_approved', 'not_delegated'] as const;

/** Who signed electronically, with printed name and meaning (21 CFR 11.50), and the API's assertion of it as evidence. */
export type Attestation = { userId: string; name: string; role: string; meaning: string; components: 'both' | 'one' | null; assertion: string | null };

/** A signed consent is never deleted (21 CFR 11.10(e)). */
export const consents = schema.table(
  'consents',
  {
    id: uuid('id').primaryKey(),
    patientId: uuid('patient_id').notNull().references(() => patients.id),
    studyId: uuid('study_id').notNull(),
    siteId: uuid('site_id').notNull(),
    enrollmentId: uuid('enrollment_id'),
    requestKey: text('request_key').notNull(),
    status: text('status', { enum: CONSENT_STATUSES }).notNull(),
    validity: text('validity', { enum: VALIDITIES }).notNull(),
    version: text('version').notNull(),
    language: text('language').notNull(),
    method: text('method', { enum: ['paper', 'electronic'] }).notNull(),
    documentSha256: text('document_sha256').notNull(),
    capacity: text('capacity', { enum: ['full', 'limited'] }).notNull(),
    canRead: boolean('can_read').notNull(),
    /** First signature of participant or representative: the instant at which the consent is judged. */
    signedAt: at('signed_at').notNull(),
    copyGivenAt: at('copy_given_at'),
    copyGivenHow: text('copy_given_how', { enum: ['paper', 'electronic'] }),
    recordedAt: at('recorded_at').notNull(),
    /** The electronic signature of the staff member who recorded it; absent in what was recorded before there were any. */
    attestedBy: jsonb('attested_by').$type<Attestation>(),
    attestedAt: at('attested_at'),
    /** Of the canonical record; sealed, because names could be guessed from it. */
    recordSha256: sealed('record_sha256'),
    enteredInErrorAt: at('entered_in_error_at'),
    enteredInErrorReason: sealed('entered_in_error_reason'),
  },
  (t) => [
    uniqueIndex('consents_request_key').on(t.requestKey),
    index('consents_patient').on(t.patientId, t.id),
    index('consents_enrollment').on(t.enrollmentId, t.id),
  ],
);

export const consentSigners = schema.table(
  'consent_signers',
  {
    consentId: uuid('consent_id').notNull().references(() => consents.id),
    position: integer('position').notNull(),
    role: text('role', { enum: SIGNER_ROLES }).notNull(),
    name: sealed('name').notNull(),
    relationship: sealed('relationship'),
    userId: text('user_id'),
    signedAt: at('signed_at').notNull(),
    mark: text('mark', { enum: ['signature', 'thumbprint'] }).notNull(),
  },
  (t) => [primaryKey({ name: 'consent_signers_pk', columns: [t.consentId, t.position] })],
);

/** One decision per purpose, each revocable by itself (PIPL 29, 39). */
export const consentPurposes = schema.table(
  'consent_purposes',
  {
    consentId: uuid('consent_id').notNull().references(() => consents.id),
    purpose: text('purpose').notNull(),
    granted: boolean('granted').notNull(),
    revokedAt: at('revoked_at'),
  },
  (t) => [primaryKey({ name: 'consent_purposes_pk', columns: [t.consentId, t.purpose] })],
);
