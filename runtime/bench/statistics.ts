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
