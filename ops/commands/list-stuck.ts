import { type Command, InvalidArgumentError, Option } from 'commander';
import { STUCK_KINDS, type StuckCase, type StuckKind } from '../../services/common/stuck.ts';
import { engineAt } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';
import { ageOf, bold, calm, table } from '../text.ts';
import { withTemporal } from '../with-temporal.ts';

type Options = { kind?: StuckKind; limit: number };

export function listStuckCommand(stuck: Command, outputOf: (command: Command) => Output): void {
  stuck.command('list')
    .description('Everything that is stuck, in all its forms: parked steps, activities and compensations that keep failing, failing workflow code, held runs, overdue deadlines, queues that nobody polls.')
    .addOption(new Option('--kind <kind>', 'of one form').choices(STUCK_KINDS))
    .option('--limit <count>', 'at most so many', atMost(1000), 200)
    .action(async ({ kind, limit }: Options, command: Command) => {
      const { findStuck } = await import('../engine/find-stuck.ts');
      await withTemporal(async (at) => {
        const { cases, more } = await findStuck(engineAt(at), { details: true });
        const items = cases.filter((one) => kind === undefined || one.kind === kind).toSorted((a, b) => (a.since < b.since ? -1 : 1));
        const shown = items.slice(0, limit);
        outputOf(command).result({ count: items.length, more: more || items.length > shown.length, items: shown }, textOf(shown, items.length));
      });
      process.exitCode = EXIT.done;
    });
}

/** For options: a whole number from 1 on. */
export function atMost(most: number): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d*$/.test(text) && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`a whole number from 1 to ${most}.`);
  };
}

function textOf(items: readonly StuckCase[], count: number): string {
  if (count === 0) return calm('Nothing is stuck.');
  const head = ['FORM', 'STEP', 'FAILURE', 'TRIES', 'SINCE', 'LAST', 'NEXT', 'WHAT'];
  const rows = items.map((one) => [
    one.kind, one.step, one.code ?? '-', one.attempts === null ? '-' : String(one.attempts),
    ageOf(one.since), ageOf(one.lastFailureAt), one.nextRetryAt === null ? '-' : ageOf(one.nextRetryAt),
    one.enrollmentId ?? one.workflowId ?? one.subject,
  ]);
  const todo = [...new Set(items.map(({ kind, suggestion }) => `${kind}: ${suggestion}`))].slice(0, 20);
  const rest = count > items.length ? [`and ${count - items.length} more`] : [];
  return [bold(`${count} stuck`), table([head, ...rows]), ...rest, '', 'What to do first:', ...todo.map((line) => `  ${line}`)].join('\n');
}
