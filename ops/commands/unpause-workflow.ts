import type { Command } from 'commander';
import { acting, type Acting, ctxOf } from '../acting.ts';
import { atResolving } from '../at-resolving.ts';
import { runId, wordOf } from '../at-run.ts';
import { noteOperation } from '../note-operation.ts';
import { EXIT, type Output } from '../output.ts';

export function unpauseWorkflowCommand(group: Command, outputOf: (command: Command) => Output): void {
  acting(group.command('unpause'))
    .description('Let a run go on that somebody has paused as a whole.')
    .argument('<id>', 'of the enrollment, or a workflow id', runId)
    .action(async (id: string, options: Acting, command: Command) => {
      const [{ locateRun }, { unpauseRun }] = await Promise.all([import('../engine/locate-run.ts'), import('../engine/unpause-run.ts')]);
      await atResolving(async ({ engine, services }) => {
        const run = await locateRun(engine, id);
        const { key } = wordOf(options);
        const about = run.enrollmentId ?? run.workflowId;
        await noteOperation(services, { ctx: ctxOf(options), key: `${key}/unpause`, input: { action: 'unpause_workflow', about, details: { runId: run.runId } } });
        await unpauseRun(engine, run, { key });
        outputOf(command).result({ id: about, action: 'unpause' }, `${about} goes on.`);
      });
      process.exitCode = EXIT.done;
    });
}
