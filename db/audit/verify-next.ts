import { read } from '../transaction.ts';
import { type Finding, Findings } from './finding.ts';
import type { Seal } from './seal.ts';
import { lastSeal, sealsAfter } from './seals.ts';
import { verifySealed } from './verify-sealed.ts';
import { verifySeal, type Verifying } from './verify-trail.ts';

/** Where a check that goes on piece by piece stands. `last` is the seal that was looked at last, `newest` the highest number that was ever seen. */
export type CheckedUpTo = { last?: Seal | undefined; newest: number };

export type PartVerdict = {
  entries: number;
  findings: readonly Finding[];
  count: number;
  /** For the next piece; begins anew (`round`) after the newest seal. */
  next: CheckedUpTo;
  round: boolean;
};

/** One piece has so many seals, and no more of them once it has so many entries. */
const PIECE = { entries: 5000, seals: 100 };
const SEALS_AT_ONCE = 10;

/**
 * Recomputes the next piece of a sealed trail, at a cost that does not grow with it: the seals that follow, and the
 * entries that they are about. Also finds that the newest seals are gone. What no seal is about, the records' own chains
 * and what was witnessed elsewhere are left to `verifyTrail`. Throws DatabaseError.
 */
export async function verifyNext(at: Omit<Verifying, 'witnessed'>, from: CheckedUpTo, piece = PIECE): Promise<PartVerdict> {
  const { db } = at;
  const findings = new Findings(10);
  const newest = (await read(db, (orm) => lastSeal(orm, db.schema)))?.number ?? 0;
  if (newest < from.newest) findings.add({ kind: 'seal_removed', seal: from.newest });
  let { last } = from;
  let entries = 0;
  let seals = 0;
  let over = false;
  while (!over && entries < piece.entries && seals < piece.seals) {
    const number = last?.number ?? -(2 ** 31);
    const found = await read(db, (orm) => sealsAfter(orm, db.schema, { number, limit: Math.min(SEALS_AT_ONCE, piece.seals - seals) }));
    for (const seal of found) {
      await verifySeal({ ...at, witnessed: new Map() }, { seal, before: last }, findings);
      entries += await verifySealed({ ...at, witnessed: new Map() }, seal, findings);
      last = seal;
      seals += 1;
      if (entries >= piece.entries) break;
    }
    over = last === undefined || last.number >= newest;
  }
  return { entries, findings: findings.first, count: findings.count, next: { last: over ? undefined : last, newest: Math.max(newest, from.newest) }, round: over };
}
