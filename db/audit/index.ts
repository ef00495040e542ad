export { FINDING_KINDS, type Finding } from './finding.ts';
export { type EntryFilter, listEntries, type TrailEntry } from './list-entries.ts';
export { sealHash, type Seal } from './seal.ts';
export { type SealKeys, sealKeysOf } from './seal-keys.ts';
export { lastSeal } from './seals.ts';
export { sealTrail } from './seal-trail.ts';
export { type CheckedUpTo, verifyNext } from './verify-next.ts';
export { type Verdict, verifyTrail } from './verify-trail.ts';
