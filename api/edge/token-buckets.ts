/** Buckets that are full again are forgotten; beyond this many the one that was asked longest ago goes. */
const MOST_BUCKETS = 50_000;

export type TokenBuckets = {
  /** Takes one of `name`'s tokens: null, or in how many seconds there is one again. */
  take(name: string): number | null;
  /** The same without taking one. */
  wait(name: string): number | null;
  readonly size: number;
};

type Options = { perSecond: number; burst: number; now?: () => number };

/** So many a second for each name, and a burst more after a pause. Memory is bounded, whoever comes with how many names. */
export function tokenBuckets({ perSecond, burst, now = () => performance.now() }: Options): TokenBuckets {
  const buckets = new Map<string, { left: number; at: number }>();
  const leftOf = (name: string, at: number) => {
    const known = buckets.get(name);
    return known ? Math.min(burst, known.left + ((at - known.at) / 1000) * perSecond) : burst;
  };
  const waitFor = (left: number) => (left >= 1 ? null : (1 - left) / perSecond);
  return {
    wait: (name) => waitFor(leftOf(name, now())),
    take: (name) => {
      const at = now();
      const left = leftOf(name, at);
      // A Map keeps the order in which its entries came: the one that was asked longest ago is the first.
      buckets.delete(name);
      if (buckets.size >= MOST_BUCKETS) buckets.delete(buckets.keys().next().value!);
      buckets.set(name, { left: left >= 1 ? left - 1 : left, at });
      return waitFor(left);
    },
    get size() {
      return buckets.size;
    },
  };
}
