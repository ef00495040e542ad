import { styleText } from 'node:util';

/** Columns with two spaces between, the last one as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd()).join('\n');
}

/** Colours on a terminal only, and not with NO_COLOR. */
export const loud = (text: string): string => styleText('red', text, { stream: process.stdout });
export const calm = (text: string): string => styleText('green', text, { stream: process.stdout });
export const bold = (text: string): string => styleText('bold', text, { stream: process.stdout });

/** How long ago, or ahead, in the largest unit that fits: `3 h`, `in 12 min`. */
export function ageOf(at: string | null, now = Date.now()): string {
  if (at === null) return '-';
  const ms = now - Date.parse(at);
  const [size, unit] = UNITS.find(([least]) => Math.abs(ms) >= least) ?? [1000, 's'];
  const count = `${Math.round(Math.abs(ms) / size)} ${unit}`;
  return ms < 0 ? `in ${count}` : count;
}
const UNITS = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min']] as const;
