import type { ServiceDatabase } from '../connect.ts';
import { read } from '../transaction.ts';
import { type Finding, Findings } from './finding.ts';
import { isGenuine, type Seal, sealHash } from './seal.ts';
import type { SealKeys } from './seal-keys.ts';
import { sealsAfter } from './seals.ts';
import { verifySealed, verifyUnsealed } from './verify-sealed.ts';
import { verifyStreams } from './verify-streams.ts';

export type Verifying = {
  db: ServiceDatabase;
  keys: Pick<SealKeys, 'find'>;
  /** What was written down of seals elsewhere, number to hash: whoever has the database can't take these back. */
  witnessed: ReadonlyMap<number, Buffer>;
  /** Told now and then of entries looked at; each is looked at twice. */
  onEntries?: (count: number) => void;
};

export type Verdict = {
  sealed: number;
  /** Since the last seal: altered ones are found, and removed ones unless they were a record's last. */
  unsealed: number;
  seals: number;
  /** The first thousand. */
  findings: readonly Finding[];
  count: number;
};

/** How many seals are in memory at once; one is of about 200 kB. */
const SEALS_AT_ONCE = 20;

/**
 * Recomputes a service's whole trail: every entry's hash, every seal's root and signature, and the chain of every
 * record. Finds any entry or seal that was removed, altered, moved or inserted, and says which. Throws DatabaseError.
 */
export async function verifyTrail(at: Verifying): Promise<Verdict> {
  const findings = new Findings();
  let sealed = 0;
  let last: Seal | undefined;
  for (;;) {
    const seals: Seal[] = await read(at.db, (orm) => sealsAfter(orm, at.db.schema, { number: last?.number ?? -(2 ** 31), limit: SEALS_AT_ONCE }));
    for (const seal of seals) {
      await verifySeal(at, { seal, before: last }, findings);
      sealed += await verifySealed(at, seal, findings);
      last = seal;
    }
    if (seals.length < SEALS_AT_ONCE) break;
  }
  for (const number of at.witnessed.keys()) if (number > (last?.number ?? 0)) findings.add({ kind: 'seal_removed', seal: number });
  const unsealed = await verifyUnsealed(at, { after: last?.upTo ?? 0 }, findings);
  await verifyStreams(at, findings);
  return { sealed, unsealed, seals: last?.number ?? 0, findings: findings.first, count: findings.count };
}

/** Holds a seal against its signature, the one before it, and what was written down of it. */
export async function verifySeal({ db: { schema }, keys, witnessed }: Verifying, { seal, before }: { seal: Seal; before: Seal | undefined }, findings: Findings): Promise<void> {
  const { number, keyId, previous } = seal;
  const next = (before?.number ?? 0) + 1;
  for (let lost = next; lost < number; lost += 1) findings.add({ kind: 'seal_removed', seal: lost });
  const key = await keys.find(keyId);
  if (!key) findings.add({ kind: 'seal_key_unknown', seal: number });
  const follows = number > next || (seal.after === (before?.upTo ?? 0) && previous.equals(before ? sealHash(schema, before) : Buffer.alloc(0)));
  const told = witnessed.get(number);
  const isAsTold = told === undefined || told.equals(sealHash(schema, seal));
  if ((key && !isGenuine(schema, seal, key)) || !follows || !isAsTold) findings.add({ kind: 'seal_altered', seal: number });
}
