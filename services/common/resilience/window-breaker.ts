import { CircuitState, type IBreaker } from 'cockatiel';
import type { BreakerOptions } from './options.ts';

type Bucket = { number: number; calls: number; failures: number };

const BUCKETS = 60;

/**
 * Opens with a failure that makes them at least `failureRatio` of at least `minimumCalls` calls in the last `windowMs`.
 * An older call never counts, one younger than 59/60 of the window always does; the memory is constant. A success
 * of the probe forgets what was before it.
 */
// Not cockatiel's SamplingBreaker: its window moves on by one bucket a call however long the pause was, so in sparse
// traffic failures count for many minutes; and it opens above the threshold, not at it.
export function windowBreaker({ windowMs, minimumCalls, failureRatio }: Omit<BreakerOptions, 'openMs'>): IBreaker {
  let buckets = emptyBuckets();
  const bucketNumber = () => Math.floor(Date.now() / (windowMs / BUCKETS));

  // A bucket says itself which stretch of time it holds, so a pause, or a clock set back, needs no catching up.
  const currentBucket = () => {
    const number = bucketNumber();
    const kept = buckets[number % BUCKETS];
    return kept?.number === number ? kept : (buckets[number % BUCKETS] = { number, calls: 0, failures: 0 });
  };
  const count = (failures: number) => {
    const bucket = currentBucket();
    bucket.calls += 1;
    bucket.failures += failures;
  };

  return {
    // For toJSON() of the policy, which nobody calls: a process starts with an empty window.
    state: undefined,
    success(circuit) {
      if (circuit === CircuitState.HalfOpen) buckets = emptyBuckets();
      count(0);
    },
    failure() {
      count(1);
      const newest = bucketNumber();
      let [calls, failures] = [0, 0];
      for (const bucket of buckets) {
        if (bucket.number <= newest - BUCKETS || bucket.number > newest) continue;
        calls += bucket.calls;
        failures += bucket.failures;
      }
      return calls >= minimumCalls && failures / calls >= failureRatio;
    },
  };
}

function emptyBuckets(): Bucket[] {
  return Array.from({ length: BUCKETS }, () => ({ number: -1, calls: 0, failures: 0 }));
}
