import { asc, inArray } from 'drizzle-orm';
import type { DataKey, ServiceDatabase, Transaction } from '../../db/index.ts';
import { maskName } from './masking.ts';
import { recordSha256 } from './consent-signature.ts';
import { consentCells, signerCells } from './sealed-rows.ts';
import { consentPurposes, type consents, consentSigners } from './tables.ts';

type Row = typeof consents.$inferSelect;

/** The names of these signers are persons of the participant's side: shown masked. Staff are shown with their printed name. */
const STAFF_ROLES: readonly string[] = ['discusser'];

/** Consents with their signers and purposes, in the order given. */
export async function withParts({ vault }: ServiceDatabase, orm: Pick<Transaction, 'select' | 'execute'>, rows: Row[]) {
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return [];
  const [signers, purposes, keys] = await Promise.all([
    orm.select().from(consentSigners).where(inArray(consentSigners.consentId, ids)).orderBy(asc(consentSigners.position)),
    orm.select().from(consentPurposes).where(inArray(consentPurposes.consentId, ids)).orderBy(asc(consentPurposes.purpose)),
    vault.keysOf(orm, rows.map((row) => row.patientId)),
  ]);
  return rows.map((row) => ({
    row: openedConsent(row, keys.get(row.patientId)),
    signers: signers.filter((one) => one.consentId === row.id).map((one) => opened(one, keys.get(row.patientId))),
    purposes: purposes.filter((one) => one.consentId === row.id),
  }));
}

function openedConsent(row: Row, key: DataKey | null | undefined) {
  const cells = consentCells(key, row.id);
  return { ...row, enteredInErrorReason: cells.open('entered_in_error_reason', row.enteredInErrorReason), recordSha256: cells.open('record_sha256', row.recordSha256) };
}

function opened(signer: typeof consentSigners.$inferSelect, key: DataKey | null | undefined) {
  const cells = signerCells(key, signer);
  return { ...signer, name: cells.open('name', signer.name) ?? '', relationship: cells.open('relationship', signer.relationship) };
}

/** A consent as shown. Its status is the FHIR R4 Consent.status. */
export function toConsentInfo({ row, signers, purposes }: Awaited<ReturnType<typeof withParts>>[number]) {
  return {
    id: row.id,
    consentId: row.id,
    patientId: row.patientId,
    studyId: row.studyId,
    siteId: row.siteId,
    enrollmentId: row.enrollmentId,
    status: row.status,
    validity: row.validity,
    version: row.version,
    language: row.language,
    method: row.method,
    documentSha256: row.documentSha256,
    capacity: row.capacity,
    canRead: row.canRead,
    signedAt: row.signedAt.toISOString(),
    recordedAt: row.recordedAt.toISOString(),
    copyGiven: row.copyGivenAt && row.copyGivenHow ? { at: row.copyGivenAt.toISOString(), how: row.copyGivenHow } : null,
    enteredInError: row.enteredInErrorAt
      ? { at: row.enteredInErrorAt.toISOString(), reason: row.enteredInErrorReason ?? '' }
      : null,
    signers: signers.map((one) => ({
      role: one.role,
      name: STAFF_ROLES.includes(one.role) ? one.name : one.name && maskName(one.name),
      relationship: one.relationship,
      userId: one.userId,
      signedAt: one.signedAt.toISOString(),
      mark: one.mark,
    })),
    signature: signatureOf({ row, signers, purposes }),
    purposes: purposes.map((one) => ({
      purpose: one.purpose,
      granted: one.granted,
      revokedAt: one.revokedAt?.toISOString() ?? null,
    })),
  };
}

type Whole = Awaited<ReturnType<typeof withParts>>[number];

/** The electronic signature, and whether the record is still what was signed; null `valid` where it can't be told any more (erased). */
function signatureOf({ row, signers, purposes }: Whole) {
  const { attestedBy, attestedAt, copyGivenAt, copyGivenHow } = row;
  if (!attestedBy || !attestedAt) return null;
  const { userId, name, role, meaning } = attestedBy;
  const at = attestedAt.toISOString();
  const { id: consentId, patientId, studyId, siteId, enrollmentId, capacity, canRead, version, language, method, documentSha256 } = row;
  const now = recordSha256({
    consentId, patientId, studyId, siteId, enrollmentId, capacity, canRead, version, language, method, documentSha256,
    decisions: Object.fromEntries(purposes.map(({ purpose, granted }) => [purpose, granted])),
    copyGiven: copyGivenAt && copyGivenHow ? { at: copyGivenAt.toISOString(), how: copyGivenHow } : null,
    signers: signers.map((one) => ({ role: one.role, name: one.name, relationship: one.relationship, userId: one.userId, signedAt: one.signedAt.toISOString(), mark: one.mark })),
    signature: { userId, name, role, at, meaning },
  });
  return { userId, name, role, at, meaning, valid: row.recordSha256 === null ? null : row.recordSha256 === now };
}

export type ConsentInfo = ReturnType<typeof toConsentInfo>;
