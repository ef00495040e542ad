/** The value below which a share `q` (0 to 1) of the samples lies: the nearest rank, no interpolation. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** One decimal is more than such a measurement is good for. */
export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** Runs `count` with at most `inFlight` at once; answers how many a second. */
export async function throughput({ count, inFlight }: { count: number; inFlight: number }, run: (index: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) await run(index);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (count * 1000) / (performance.now() - begun);
}
