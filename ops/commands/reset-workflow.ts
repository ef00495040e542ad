import type { Command } from 'commander';
import type { ResetPlan } from '../engine/reset-points.ts';
import { actOnRun } from '../act-on-run.ts';
import { acting, type Acting } from '../acting.ts';
import { runId } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';
import { table } from '../text.ts';
import { atMost } from './list-stuck.ts';

type Options = Acting & { to?: number; dryRun?: true };

export function resetWorkflowCommand(group: Command, outputOf: (command: Command) => Output): void {
  acting(group.command('reset'))
    .description('Have a run do again what came after the end of a workflow task. Never to before an accepted signature, the pivot or any other step that has taken effect.')
    .argument('<id>', 'of the enrollment, or a workflow id', runId)
    .option('--to <event>', 'the number of the event; default: the end of the last workflow task', atMost(1_000_000))
    .option('--dry-run', 'say only what would be done again')
    .action(async (id: string, options: Options, command: Command) => {
      const { resetPlanOf, resetRun } = await import('../engine/reset-run.ts');
      await actOnRun(id, options, async ({ engine, run, about, word: { key }, note }) => {
        const out = outputOf(command);
        const plan = await resetPlanOf(engine, run, options.to);
        if (options.dryRun) return out.result({ id: about, dryRun: true, ...plan }, textOf(about, plan, 'would be'));
        const { toEventId } = plan;
        await note('reset_workflow', { toEventId });
        const runIdNow = await resetRun(engine, run, { toEventId, key });
        out.result({ id: about, ...plan, runId: runIdNow }, `${textOf(about, plan, 'is')}\nIt goes on as run ${runIdNow}.`);
      });
      process.exitCode = EXIT.done;
    });
}

function textOf(about: string, { toEventId, earliestEventId, reRuns }: ResetPlan, verb: string): string {
  const again = reRuns.length === 0 ? ['  nothing but the workflow’s own code'] : table(reRuns.map(({ eventId, how, what }) => [String(eventId), how, what])).split('\n').map((line) => `  ${line}`);
  return [`${about} ${verb} reset to event ${toEventId} (not to before ${earliestEventId}). Done again:`, ...again].join('\n');
}
