import { randomBytes } from 'node:crypto';
import { statement, type Transaction } from '../../../db/index.ts';
import { randomisationLists } from './tables.ts';

/** The method by which lists are made, kept with each: what a statistician needs to make it again from its seed. */
const METHOD = 'permuted blocks (ICH E9 2.3.2), HMAC_DRBG SHA-256 (NIST SP 800-90A Rev. 1) seeded per stratum and block, Fisher-Yates';

/** Makes the list of a protocol version that randomises: a seed of its own, from the system's source of randomness. */
export async function makeList(tx: Transaction, { protocolVersionId, studyId, now }: { protocolVersionId: string; studyId: string; now: Date }): Promise<void> {
  const seed = randomBytes(32).toString('hex');
  await statement(tx.insert(randomisationLists).values({ protocolVersionId, studyId, seed, method: METHOD, createdAt: now }));
}
