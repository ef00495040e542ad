import type { Line } from '../report.ts';
import { median, rounded } from '../statistics.ts';
import type { SideOptions } from './messages.ts';
import { type Side, startSide } from './start-side.ts';

export type Sizes = { rounds: number; perRound: number; inFlight: number };
const SIDES = ['with', 'without'] as const;
type Comparison = Sizes & { name: string; sides: Record<(typeof SIDES)[number], SideOptions>; bound: Line['bound']; say: (what: string) => void };

/**
 * The throughput of one system against another that lacks something, in processes and on servers of their own, in
 * turns. The ratio is that of neighbours, and who begins alternates, so that whatever else the machine does meets both.
 */
export async function compareSides({ rounds, perRound, inFlight, name, sides: options, bound, say }: Comparison): Promise<Line> {
  const sides = {} as Record<(typeof SIDES)[number], Side>;
  const perSecond: Record<(typeof SIDES)[number], number[]> = { with: [], without: [] };
  try {
    for (const side of SIDES) sides[side] = await startSide(options[side]);
    for (let round = 0; round <= rounds; round += 1) {
      for (const side of SIDES) await sides[side].register(perRound);
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const rate = await sides[side].run(inFlight);
        // The first round warms up.
        if (round > 0) perSecond[side].push(rate);
      }
      say(`round ${round}: with ${perSecond.with.at(-1)?.toFixed(1)}, without ${perSecond.without.at(-1)?.toFixed(1)} a second`);
    }
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.stop()));
  }
  const ratios = perSecond.with.map((rate, round) => rate / perSecond.without[round]!);
  return { name, measured: rounded(median(ratios), 2), unit: '×', bound, samples: { 'with per s': perSecond.with, 'without per s': perSecond.without, 'ratios': ratios } };
}
