import type { Command } from 'commander';
import { ACTIVITY_ACTIONS, type ActivityAction } from '../engine/control-activity.ts';
import { actOnRun } from '../act-on-run.ts';
import { acting, type Acting } from '../acting.ts';
import { runId } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';

const SAYS: Record<ActivityAction, string> = {
  reset: 'Try an activity again at once, counting from the first attempt.',
  pause: 'Have an activity not tried again until it is unpaused.',
  unpause: 'Have an activity that was paused tried again.',
};

export function controlActivityCommands(group: Command, outputOf: (command: Command) => Output): void {
  for (const action of ACTIVITY_ACTIONS) {
    acting(group.command(action))
      .description(SAYS[action])
      .argument('<id>', 'of the enrollment, or a workflow id', runId)
      .argument('<activity>', 'its name or number, as "ops show" says it')
      .action(async (id: string, activity: string, options: Acting, command: Command) => {
        const { controlActivity } = await import('../engine/control-activity.ts');
        await actOnRun(id, options, async ({ engine, run, about, word: { key }, note }) => {
          await note(`${action}_activity`, { activity });
          const done = await controlActivity(engine, run, { action, activity, key });
          outputOf(command).result({ id: about, action, ...done }, `${about}: ${done.activity} (${done.activityId}): ${action} was taken.`);
        });
        process.exitCode = EXIT.done;
      });
  }
}
