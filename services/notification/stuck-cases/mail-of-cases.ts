import type { WATCH_KINDS } from '../tables.ts';
import type { StuckCaseRow } from './tables.ts';

export type WatchKind = (typeof WATCH_KINDS)[number];

/** Of many that are stuck for one cause, the first few tell what it is. */
const SHOWN = 20;

const WORDS: Record<WatchKind, { subject: (count: number) => string; lead: string; next: string }> = {
  stuck_found: { subject: (count) => `${count} stuck`, lead: 'Found stuck:', next: 'What to do: "ops stuck list" shows all, docs/runbook.md says what each is and how it is mended.' },
  stuck_lasting: { subject: (count) => `ESCALATED: ${count} still stuck`, lead: 'Still stuck since operators were told of it:', next: 'Nobody has mended these: see docs/runbook.md, and call whoever answers for the system.' },
  stuck_over: { subject: (count) => `${count} solved`, lead: 'Over:', next: 'Nothing is left to do for these.' },
};

/** The mail about the cases of one look: ids and codes. */
export function mailOfCases(kind: WatchKind, cases: readonly StuckCaseRow[]): { subject: string; body: string } {
  const { subject, lead, next } = WORDS[kind];
  const lines = cases.slice(0, SHOWN).flatMap((one) => [
    `- ${one.kind} at ${one.step}${one.code ? ` (${one.code})` : ''}, since ${one.since.toISOString()}: ${one.subject}`,
    ...(kind === 'stuck_over' ? [] : [`  ${one.suggestion}`]),
  ]);
  const more = cases.length > SHOWN ? [`and ${cases.length - SHOWN} more`] : [];
  return { subject: `[operations] ${subject(cases.length)}`, body: `${[lead, ...lines, ...more, '', next].join('\n')}\n` };
}
