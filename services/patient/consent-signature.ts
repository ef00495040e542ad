import { createHash } from 'node:crypto';
import { canonicalJson } from '../../db/index.ts';

/** What the staff member's electronic signature under a recorded consent means (21 CFR 11.50(a)(3)). */
export const MEANING = { paper: 'I attest that the signed paper is as recorded here', electronic: 'I attest that the consent was signed in person as recorded here' } as const;

type Signer = { role: string; name: string; relationship: string | null; userId: string | null; signedAt: string; mark: string };

export type SignedRecord = {
  consentId: string;
  patientId: string;
  studyId: string;
  siteId: string;
  enrollmentId: string | null;
  capacity: string;
  canRead: boolean;
  version: string;
  language: string;
  method: string;
  documentSha256: string;
  signers: Signer[];
  decisions: Record<string, boolean>;
  copyGiven: { at: string; how: string } | null;
  signature: { userId: string; name: string; role: string; at: string; meaning: string };
};

/** SHA-256 of the canonical record that a signature is bound to (21 CFR 11.70): any change of it shows. */
export function recordSha256(record: SignedRecord): string {
  return createHash('sha256').update(canonicalJson(record)).digest('hex');
}
