import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { FaultPlan } from '../faults/fault-plan.ts';
import { opsOnSystem } from '../ops/ops-on-system.ts';
import { type Changes, startTestSystem } from '../support/system.ts';
import type { StuckCase, StuckKind } from '../../services/common/index.ts';
import { type Chapter, chapter, filledIn } from './chapters.ts';

/** What is stuck is found within a minute, at the latest. */
export const FOUND_WITHIN_MS = 60_000;
const OVER_WITHIN_MS = 60_000;

export type RunbookBench = Awaited<ReturnType<typeof startRunbookBench>>;

/** A system with the watch on it, whose activities fail as the plan says, and the operators' command line beside it. */
export async function startRunbookBench(changes: Changes = {}) {
  const plan = new FaultPlan();
  const at = await startTestSystem({
    interceptors: plan.interceptors,
    watch: { everyMs: 1000, escalateAfterMs: 600_000 },
    ...changes,
    timing: { roundMs: 600_000, ...changes.timing },
  });
  const { ops, remove } = await opsOnSystem(at);
  return { at, plan, ops, stop: async () => { await at.stop(); await remove(); } };
}

type Filling = Record<string, string>;

/** Runs commands of the runbook; each has to end as asked. Answers what the last one said, as JSON. */
export async function runs({ ops }: RunbookBench, commands: readonly string[][], values: Filling, codes: readonly number[] = [0]): Promise<Record<string, unknown>> {
  let said: Record<string, unknown> = {};
  for (const args of filledIn(commands, { YOU: 'op-1', ...values })) {
    const { code, out, err } = await ops(['--json', ...args]);
    expect(codes, `${args.join(' ')}\n${out}\n${err}`).toContain(code);
    said = JSON.parse(out) as Record<string, unknown>;
  }
  return said;
}

/** Waits until the watch has found something of this form; answers the row, and how long that took. */
export async function found({ at }: RunbookBench, form: StuckKind, about: { enrollmentId: string } | { step: string }): Promise<{ tookMs: number; subject: string }> {
  const [column, value] = 'step' in about ? ['step', about.step] : ['enrollment_id', about.enrollmentId];
  const began = Date.now();
  for (;;) {
    const [row] = await at.database.sql<{ subject: string }[]>`select subject from notification.stuck_cases where kind = ${form} and ${at.database.sql(column)}::text = ${value} and over_at is null`;
    if (row) return { tookMs: Date.now() - began, subject: row.subject };
    if (Date.now() - began > FOUND_WITHIN_MS) {
      const rows = await at.database.sql`select kind, step, subject, over_at from notification.stuck_cases`;
      throw new Error(`${form} was not found within a minute; cases: ${JSON.stringify(rows)}`);
    }
    await delay(200);
  }
}

/** Looks as the runbook says: the case is listed with what an operator has to know. */
export async function seen(bench: RunbookBench, form: StuckKind, values: Filling): Promise<StuckCase> {
  const { look } = chapter(form);
  const lists = look.filter(([command]) => command !== 'show');
  const said = await runs(bench, lists.filter(([command]) => command === 'stuck'), values);
  const one = (said['items'] as StuckCase[]).find(({ kind, enrollmentId, step }) => kind === form && (enrollmentId === values['ID'] || step === values['ID']));
  expect(one, JSON.stringify(said)).toMatchObject({ kind: form, since: expect.stringMatching(/Z$/), suggestion: expect.stringContaining('') });
  if (look.some(([command]) => command === 'show')) {
    const shown = await runs(bench, look.filter(([command]) => command === 'show'), values);
    expect(shown).toMatchObject({ stuck: { kind: form }, timeline: expect.any(Array) });
  }
  return one as StuckCase;
}

/** The runbook's proof holds, and operators were told of the case once when it was found and once when it was over. */
export async function over(bench: RunbookBench, of: Chapter, { subject, values, toldBy }: { subject: string; values: Filling; toldBy: 'watch' | 'run' }): Promise<void> {
  const { at } = bench;
  const began = Date.now();
  for (;;) {
    const said = await runs(bench, of.proof, values);
    const isListed = ((said['items'] ?? []) as StuckCase[]).some((one) => one.subject === subject);
    const [open] = await at.database.sql`select 1 from notification.stuck_cases where subject = ${subject} and over_at is null`;
    if (!isListed && !open) break;
    if (Date.now() - began > OVER_WITHIN_MS) throw new Error(`${subject} is not over: ${JSON.stringify(said)}`);
    await delay(500);
  }
  const told = async () => {
    // Quoted-printable breaks long lines.
    const texts = (await at.mailbox.messages(1000)).filter(({ to }) => to.includes('ops@trial.example')).map(({ raw }) => raw.replaceAll(/=\r?\n/g, ''));
    const about = texts.filter((text) => text.includes(subject));
    return { found: about.filter((text) => text.includes('Found stuck')).length, over: about.filter((text) => text.includes('Over:')).length };
  };
  await expect.poll(told, { timeout: 10_000 }).toEqual({ found: toldBy === 'watch' ? 1 : 0, over: 1 });
}
