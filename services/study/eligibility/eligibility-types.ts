import type { Revised } from '../types.ts';

/** What the criteria come to; `incomplete` while a value is awaited. */
export type Verdict = 'met' | 'failed' | 'incomplete';

/** One criterion and what it was judged by; without a usable value, value, unit and time are null. */
export type Explained = {
  code: string;
  kind: 'inclusion' | 'exclusion';
  text: string;
  item: string;
  /** `missing` while a value is awaited; where the protocol says how to count without one, what it says. */
  result: 'met' | 'failed' | 'missing';
  value: number | boolean | string | null;
  unit: string | null;
  performedAt: string | null;
};

/** The consent version that the participant signed last. */
export type SignedVersion = { version: string; language: string };
/** Somebody of the staff, with the printed name that a signature shows (21 CFR 11.50). */
export type Signer = { userId: string; name: string };

export type EvaluateEligibility = Revised & { round: number; consent: SignedVersion & { consentId: string; signedAt: string } };
export type Evaluated = {
  evaluationId: string;
  verdict: Verdict;
  /** Codes of the criteria that failed. */
  failed: string[];
  /** Items whose value is awaited. */
  missing: string[];
  sha256: string;
};

export type Decision = 'eligible' | 'not_eligible';
export type SignEligibility = Revised & {
  round: number;
  decision: Decision;
  reason: string | null;
  /** What the signature means (21 CFR 11.50). */
  meaning: string;
  /** Of the evaluation that was seen when signing; null when there was none. */
  sha256: string | null;
  signer: Signer;
  consent: SignedVersion;
};
export type EligibilitySigned =
  | { signed: true; decisionId: string; signedAt: string; sha256: string | null }
  /** `version`: the one that the participant has to sign first. */
  | { signed: false; reason: 'consent_superseded'; version: string };

export type InvalidateEligibility = Revised & { reason: string; by: Signer };

/** The latest evaluation, and all signed decisions, newest first. Times in RFC 3339 UTC. */
export type Eligibility = {
  evaluation: { round: number; verdict: Verdict; sha256: string; at: string; consentVersion: string; criteria: Explained[] } | null;
  decisions: {
    decisionId: string;
    round: number;
    decision: Decision;
    reason: string | null;
    meaning: string;
    signer: Signer;
    signedAt: string;
    sha256: string | null;
    /** Are the record and what was seen still what was signed? Null where that was not kept. */
    valid: boolean | null;
    invalidated: { at: string; by: Signer; reason: string } | null;
  }[];
};

/** `version` is the one to be signed instead. */
export type ConsentCurrency = { current: true } | { current: false; version: string };
