import { EXPIRY_REASONS, REFUSAL_REASONS } from '../vocabulary.ts';
import type { Counts, FailedTogether, Standing } from './read-counts.ts';
import type { ConsortFlow, Entered, Excluded, FailedCriterion } from './types.ts';

const sum = (counted: readonly { n: number }[]) => counted.reduce((total, { n }) => total + n, 0);
const filled = <K extends string>(keys: readonly K[], of: (key: K) => number) => Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<K, number>;

/**
 * Who is past the pivot: an allocation stands for good, whatever the record says beside it; without one the stage
 * `activation` says so, which is also where a withdrawal after the pivot is recorded.
 */
const isPastPivot = ({ allocated, stage, outcome }: Standing) => allocated || stage === 'activation' || outcome === 'active';

/** Puts every enrollment and every refusal into one place of the flow, so that the sums add up. Pure. */
export function flowOf(counts: Counts, asOf: Date): ConsortFlow {
  const { standings, refusals, randomises } = counts;
  const past = standings.filter(isPastPivot);
  const before = standings.filter((one) => !isPastPivot(one));
  const open = before.filter(({ outcome }) => outcome === 'open');
  const byStage: ConsortFlow['inProgress']['byStage'] = {};
  for (const { stage, n } of open) byStage[stage] = (byStage[stage] ?? 0) + n;
  return {
    asOf: asOf.toISOString(),
    randomises,
    assessed: sum(standings) + sum(refusals),
    excluded: excludedOf(counts, before),
    inProgress: { total: sum(open), byStage },
    entered: enteredOf(past),
  };
}

function excludedOf({ refusals, failures }: Counts, before: Standing[]): Excluded {
  const ended = before.filter(({ outcome }) => outcome !== 'open');
  const endedAs = (outcome: Standing['outcome']) => ended.filter((one) => one.outcome === outcome);
  const expired = endedAs('expired');
  const screenFailed = endedAs('screen_failed');
  return {
    total: sum(ended) + sum(refusals),
    refusedBeforeSigning: {
      total: sum(refusals),
      byReason: filled(REFUSAL_REASONS, (reason) => sum(refusals.filter((one) => one.reason === reason))),
    },
    screenFailed: {
      total: sum(screenFailed),
      byCriterion: byCriterion(failures),
      withoutCriterion: sum(failures.filter(({ criteria }) => criteria.length === 0)),
    },
    declined: sum(endedAs('declined')),
    expired: {
      total: sum(expired),
      byReason: filled(EXPIRY_REASONS, (reason) => sum(expired.filter(({ expiry }) => (expiry ?? 'other') === reason))),
    },
    capReached: sum(endedAs('cap_reached')),
    withdrawn: sum(endedAs('withdrawn')),
    voided: sum(endedAs('voided')),
  };
}

function enteredOf(past: Standing[]): Entered {
  const ended = past.filter(({ outcome }) => outcome !== 'open' && outcome !== 'active');
  return {
    total: sum(past),
    randomised: sum(past.filter(({ allocated }) => allocated)),
    notRandomised: sum(past.filter(({ allocated }) => !allocated)),
    // Whatever else the outcome says: who is past the pivot and neither active nor on the way there has left.
    withdrawn: sum(ended),
    followedUp: sum(ended.filter(({ followedUp }) => followedUp)),
    active: sum(past.filter(({ outcome }) => outcome === 'active')),
    activating: sum(past.filter(({ outcome }) => outcome === 'open')),
  };
}

/** Most frequent first, then by code. */
function byCriterion(failures: readonly FailedTogether[]): FailedCriterion[] {
  const counted = new Map<string, FailedCriterion>();
  for (const { criteria, n } of failures) {
    for (const { code, text } of criteria) {
      const key = `${code}\n${text}`;
      counted.set(key, { code, text, count: (counted.get(key)?.count ?? 0) + n });
    }
  }
  return [...counted.values()].toSorted((a, b) => b.count - a.count || (`${a.code} ${a.text}` < `${b.code} ${b.text}` ? -1 : 1));
}
