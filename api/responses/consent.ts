import { z } from '@hono/zod-openapi';
import type { ConsentInfo } from '../../services/patient/index.ts';

const signer = z.object({
  role: z.string(),
  name: z.string().openapi({ description: 'Printed name of staff; masked for everybody else.' }),
  relationship: z.string().nullable(),
  userId: z.string().nullable(),
  signedAt: z.string(),
  mark: z.string(),
});

export const consentResponse = z
  .object({
    consentId: z.string(),
    patientId: z.string(),
    studyId: z.string(),
    siteId: z.string(),
    enrollmentId: z.string().nullable(),
    status: z.string().openapi({ description: 'FHIR R4 Consent.status.' }),
    validity: z.string(),
    version: z.string(),
    language: z.string(),
    method: z.string(),
    documentSha256: z.string(),
    capacity: z.string(),
    canRead: z.boolean(),
    signedAt: z.string(),
    recordedAt: z.string(),
    copyGiven: z.object({ at: z.string(), how: z.string() }).nullable(),
    enteredInError: z.object({ at: z.string(), reason: z.string() }).nullable(),
    signers: z.array(signer),
    signature: z
      .object({ userId: z.string(), name: z.string(), role: z.string(), at: z.string(), meaning: z.string(), valid: z.boolean().nullable() })
      .nullable()
      .openapi({ description: 'Of the staff member who recorded it (21 CFR 11.50); `valid`: the record is still what was signed.' }),
    purposes: z.array(z.object({ purpose: z.string(), granted: z.boolean(), revokedAt: z.string().nullable() })),
  })
  .openapi('Consent');

export function toConsentResponse(consent: ConsentInfo): z.output<typeof consentResponse> {
  const { consentId, patientId, studyId, siteId, enrollmentId, status, validity, version, language, method } = consent;
  const { documentSha256, capacity, canRead, signedAt, recordedAt, copyGiven, enteredInError, signers, signature, purposes } = consent;
  return {
    consentId,
    patientId,
    studyId,
    siteId,
    enrollmentId,
    status,
    validity,
    version,
    language,
    method,
    documentSha256,
    capacity,
    canRead,
    signedAt,
    recordedAt,
    copyGiven: copyGiven && { at: copyGiven.at, how: copyGiven.how },
    enteredInError: enteredInError && { at: enteredInError.at, reason: enteredInError.reason },
    signers: signers.map((one) => ({
      role: one.role,
      name: one.name,
      relationship: one.relationship,
      userId: one.userId,
      signedAt: one.signedAt,
      mark: one.mark,
    })),
    signature: signature && {
      userId: signature.userId, name: signature.name, role: signature.role, at: signature.at, meaning: signature.meaning, valid: signature.valid,
    },
    purposes: purposes.map(({ purpose, granted, revokedAt }) => ({ purpose, granted, revokedAt })),
  };
}
