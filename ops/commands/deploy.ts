import { type Command, InvalidArgumentError } from 'commander';
import { acting, type Acting } from '../acting.ts';
import { EXIT, type Output } from '../output.ts';

type OutputOf = (command: Command) => Output;
type Forced = Acting & { force?: true };

/** `ops deploy …`: which version of the workflow code serves what. */
export function deployCommands(deploy: Command, outputOf: OutputOf): void {
  statusCommand(deploy, outputOf);
  rampCommand(deploy, outputOf);
  promoteCommand(deploy, outputOf);
  rollbackCommand(deploy, outputOf);
}

function statusCommand(deploy: Command, outputOf: OutputOf): void {
  deploy.command('status')
    .description('The versions of the workflow code: which one is current, which ones ramp or drain, whether workers of theirs are there, and what is open on each. Exit code 1 when something waits for a version that nobody runs.')
    .action(async (_options: unknown, command: Command) => {
      const [{ readStatus, statusText }, { withTemporal }] = await Promise.all([import('../deploy/status.ts'), import('../with-temporal.ts')]);
      await withTemporal(async (at) => {
        const status = await readStatus(at);
        outputOf(command).result(status, statusText(status));
        process.exitCode = status.problems.length === 0 ? EXIT.done : EXIT.failed;
      });
    });
}

function rampCommand(deploy: Command, outputOf: OutputOf): void {
  forced(deploy.command('ramp <buildId>'))
    .description('Let a part of the enrollments, and of what begins, go on with this version; the rest stays with the current one. 0 takes it back.')
    .requiredOption('--percent <n>', 'from 0 to 100', percentage)
    .action(async (buildId: string, options: Forced & { percent: number }, command: Command) => {
      const { changeVersions } = await import('../deploy/change-versions.ts');
      const { percent } = options;
      await changeVersions({ action: 'deploy ramp', options, command, out: outputOf(command) }, ({ current, ramping }) => {
        if (percent > 0) return { target: buildId, gains: true, current, ramping: { buildId, percent } };
        return { target: buildId, gains: false, current, ramping: ramping?.buildId === buildId ? null : ramping };
      });
    });
}

function promoteCommand(deploy: Command, outputOf: OutputOf): void {
  forced(deploy.command('promote <buildId>'))
    .description('Make this version the current one: what begins, and every enrollment with its next step, goes on with it. Short workflows end on the version that they began on; those of versions that nobody runs go on with this one.')
    .action(async (buildId: string, options: Forced, command: Command) => {
      const { changeVersions } = await import('../deploy/change-versions.ts');
      await changeVersions({ action: 'deploy promote', options, command, out: outputOf(command) }, () => ({ target: buildId, gains: true, current: buildId, ramping: null }));
    });
}

function rollbackCommand(deploy: Command, outputOf: OutputOf): void {
  forced(deploy.command('rollback'))
    .description('Take a ramp back; without one, make the version current again that was it before. Enrollments that have done what that version does not know stay where they are: keep workers of that version running.')
    .option('--to <buildId>', 'to this version, whether another one ramps or not')
    .action(async (options: Forced & { to?: string }, command: Command) => {
      const [{ changeVersions }, { rolledBack }] = await Promise.all([import('../deploy/change-versions.ts'), import('../deploy/rolled-back.ts')]);
      await changeVersions({ action: 'deploy rollback', options, command, out: outputOf(command) }, (routing) => rolledBack(routing, options.to));
    });
}

function forced(command: Command): Command {
  return acting(command).option('--force', 'also when no worker of that version is there');
}

function percentage(value: string): number {
  const percent = Number(value);
  if (value.trim() !== '' && percent >= 0 && percent <= 100) return percent;
  throw new InvalidArgumentError('a number from 0 to 100.');
}
