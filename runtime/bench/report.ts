import { quantile, rounded } from './statistics.ts';

/** What was measured, against what it may be, with every sample that it was computed from. */
export type Line = {
  name: string;
  measured: number;
  unit: string;
  bound: { atMost: number } | { atLeast: number };
  /** The samples by what they are of, in the order in which they were taken. */
  samples: Record<string, number[]>;
};

export type Report = { load: string; machine: string; lines: (Line & { ok: boolean })[] };

export function isOk({ measured, bound }: Pick<Line, 'measured' | 'bound'>): boolean {
  return 'atMost' in bound ? measured <= bound.atMost : measured >= bound.atLeast;
}

/** The report for people: one row a measure, below it its samples in a compact form. */
export function asTable({ load, machine, lines }: Report): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const rows = lines.flatMap(({ name, measured, unit, bound, samples, ok }) => {
    const limit = 'atMost' in bound ? `≤ ${bound.atMost}` : `≥ ${bound.atLeast}`;
    return [
      `${name.padEnd(width)}  ${cell(measured, unit).padStart(12)}  ${`${limit} ${unit}`.padEnd(14)}  ${ok ? 'ok' : 'MISSED'}`,
      ...Object.entries(samples).map(([of, values]) => `    ${of}: ${compact(values)}`),
    ];
  });
  const missed = lines.filter(({ ok }) => !ok).length;
  return [load, machine, '', ...rows, '', missed === 0 ? 'All bounds are met.' : `${missed} of ${lines.length} bounds are missed.`].join('\n');
}

/** So many samples stand in the table in full; the JSON always has all. */
const SHOWN = 12;

function compact(values: readonly number[]): string {
  const spread = [0, 0.5, 0.95, 0.99, 1].map((q) => short(quantile(values, q)));
  const quantiles = `n=${values.length} min ${spread[0]} p50 ${spread[1]} p95 ${spread[2]} p99 ${spread[3]} max ${spread[4]}`;
  const first = values.slice(0, SHOWN).map(short).join(' ');
  return `${quantiles} | ${first}${values.length > SHOWN ? ' …' : ''}`;
}

function cell(value: number, unit: string): string {
  return `${short(value)} ${unit}`;
}

function short(value: number): string {
  return String(rounded(value, Math.abs(value) < 10 ? 2 : 0));
}
