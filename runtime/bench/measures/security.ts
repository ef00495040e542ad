import { join } from 'node:path';
import type { Line } from '../report.ts';
import { compareSides, type Sizes } from '../sides/compare-sides.ts';

/** What protection costs: two systems that differ in it alone. */
export function measureSecurity({ dir, say, ...sizes }: Sizes & { dir: string; say: (what: string) => void }): Promise<Line> {
  return compareSides({
    ...sizes,
    say,
    name: `direct protocol with everything on against without, throughput at ${sizes.inFlight} in flight`,
    sides: { with: { dir: join(dir, 'with'), protected: true }, without: { dir: join(dir, 'without'), protected: false } },
    bound: { atLeast: 0.85 },
  });
}
