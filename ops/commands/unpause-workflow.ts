import type { Command } from 'commander';
import { actOnRun } from '../act-on-run.ts';
import { acting, type Acting } from '../acting.ts';
import { runId } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';

export function unpauseWorkflowCommand(group: Command, outputOf: (command: Command) => Output): void {
  acting(group.command('unpause'))
    .description('Let a run go on that somebody has paused as a whole.')
    .argument('<id>', 'of the enrollment, or a workflow id', runId)
    .action(async (id: string, options: Acting, command: Command) => {
      const { unpauseRun } = await import('../engine/unpause-run.ts');
      await actOnRun(id, options, async ({ engine, run, about, word: { key }, note }) => {
        await note('unpause_workflow');
        await unpauseRun(engine, run, { key });
        outputOf(command).result({ id: about, action: 'unpause' }, `${about} goes on.`);
      });
      process.exitCode = EXIT.done;
    });
}
