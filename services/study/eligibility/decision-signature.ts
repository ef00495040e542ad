import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../db/index.ts';
import type { Explained } from './eligibility-types.ts';

type Seen = { enrollmentId: string; protocolVersionId: string; consent: { version: string; language: string }; criteria: Explained[] };

/** SHA-256 of what an investigator is shown to sign. Not keyed: whoever holds the record can check it without us. */
export function seenSha256(seen: Seen): string {
  return createHash('sha256').update(canonicalJson(seen)).digest('hex');
}

export type SignedDecision = {
  decisionId: string;
  enrollmentId: string;
  round: number;
  decision: string;
  reason: string | null;
  meaning: string;
  signer: { userId: string; name: string };
  signedAt: string;
  /** Of what was seen. */
  sha256: string | null;
};

/** SHA-256 of the canonical record that the signature is bound to (21 CFR 11.70): any change of it shows. */
export function decisionSha256(record: SignedDecision): string {
  return createHash('sha256').update(canonicalJson(record)).digest('hex');
}
