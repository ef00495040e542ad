import type { Command } from 'commander';
import type { QueueState } from '../engine/queues.ts';
import { engineAt } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';
import { ageOf, calm, loud, table } from '../text.ts';
import { withTemporal } from '../with-temporal.ts';

export function listQueuesCommand(program: Command, outputOf: (command: Command) => Output): void {
  program.command('queues')
    .description('The task queues: what waits, for how long, and who takes it.')
    .action(async (_options: unknown, command: Command) => {
      const [{ queueStates }, { ALL_QUEUES }] = await Promise.all([import('../engine/queues.ts'), import('../engine/find-stuck.ts')]);
      await withTemporal(async (at) => {
        const items = await queueStates(engineAt(at), ALL_QUEUES);
        outputOf(command).result({ items }, textOf(items));
        process.exitCode = items.every(({ state }) => state === 'ok') ? EXIT.done : EXIT.failed;
      });
    });
}

function textOf(items: readonly QueueState[]): string {
  const rows = items.map(({ queue, tasks, backlog, backlogAgeMs, pollers, state }) => [
    queue, tasks, String(backlog), backlog > 0 ? `${Math.round(backlogAgeMs / 1000)} s` : '-', String(pollers.length),
    ageOf(pollers.map(({ lastSeenAt }) => lastSeenAt).toSorted().at(-1) ?? null),
    state === 'ok' ? calm('ok') : loud(state === 'behind' ? 'behind: add workers' : 'nobody polls: start its worker'),
  ]);
  return table([['QUEUE', 'TASKS', 'WAIT', 'OLDEST', 'POLLERS', 'SEEN', 'STATE'], ...rows]);
}
