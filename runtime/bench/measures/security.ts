import { join } from 'node:path';
import type { Line } from '../report.ts';
import { type Side, startSide } from '../sides/start-side.ts';
import { median, rounded } from '../statistics.ts';

type Sizes = { rounds: number; perRound: number; inFlight: number };
const SIDES = ['with', 'without'] as const;

/**
 * What protection costs: two systems that differ in it alone, in processes and on servers of their own, in turns. The
 * ratio is that of neighbours, and who begins alternates, so that whatever else the machine does meets both.
 */
export async function measureSecurity({ dir, say, ...sizes }: Sizes & { dir: string; say: (what: string) => void }): Promise<Line> {
  const { rounds, perRound, inFlight } = sizes;
  const sides = {} as Record<(typeof SIDES)[number], Side>;
  const perSecond: Record<(typeof SIDES)[number], number[]> = { with: [], without: [] };
  try {
    for (const name of SIDES) sides[name] = await startSide({ dir: join(dir, name), protected: name === 'with' });
    for (let round = 0; round <= rounds; round += 1) {
      for (const name of SIDES) await sides[name].register(perRound);
      for (const name of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const rate = await sides[name].run(inFlight);
        // The first round warms up.
        if (round > 0) perSecond[name].push(rate);
      }
      say(`round ${round}: with ${perSecond.with.at(-1)?.toFixed(1)}, without ${perSecond.without.at(-1)?.toFixed(1)} a second`);
    }
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.stop()));
  }
  const ratios = perSecond.with.map((rate, round) => rate / perSecond.without[round]!);
  return {
    name: `direct protocol with everything on against without, throughput at ${inFlight} in flight`,
    measured: rounded(median(ratios), 2),
    unit: '×',
    bound: { atLeast: 0.85 },
    samples: { 'with per s': perSecond.with, 'without per s': perSecond.without, 'ratios': ratios },
  };
}
