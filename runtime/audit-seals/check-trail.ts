import type { Logger } from 'pino';
import { type CheckedUpTo, type SealKeys, verifyNext } from '../../db/audit/index.ts';
import type { ServiceDatabase } from '../../db/index.ts';

export type Checked = { entries: number; /** In this round through the trail and the one before. */ findings: number };

/** Checks a sealed trail piece by piece, over and over: each call looks at the next piece, and what is wrong is logged. */
export function trailCheck({ db, keys, log }: { db: ServiceDatabase; keys: SealKeys; log: Logger }): () => Promise<Checked> {
  let at: CheckedUpTo = { newest: 0 };
  let [thisRound, lastRound] = [0, 0];
  return async () => {
    const { entries, count, findings, next, round } = await verifyNext({ db, keys }, at);
    at = next;
    thisRound += count;
    for (const { kind, seal } of findings) log.error({ service: db.schema, code: kind, seal }, 'the audit trail is not as it was sealed');
    const known = { entries, findings: thisRound + lastRound };
    if (round) [thisRound, lastRound] = [0, thisRound];
    return known;
  };
}
