import type { Command } from 'commander';
import { changeRouting, type Moved } from '../../runtime/deployment/change-routing.ts';
import { presentWorkers } from '../../runtime/deployment/present-workers.ts';
import { readRouting, type Routing } from '../../runtime/deployment/routing.ts';
import { unpinShort } from '../../runtime/deployment/runs.ts';
import { DEPLOYMENT_NAME } from '../../runtime/deployment/version.ts';
import { StartupError } from '../../runtime/embedded/startup-error.ts';
import { type Acting, ctxOf } from '../acting.ts';
import { noteOperation } from '../note-operation.ts';
import { EXIT, type Output } from '../output.ts';
import { withServices } from '../with-services.ts';
import { withTemporal } from '../with-temporal.ts';

/** How it shall be. `target`: the version that it is about, which must be known. `gains`: it gets more than before, so that it must have workers. */
export type Target = Pick<Routing, 'current' | 'ramping'> & { target: string; gains: boolean };

type Asked = { action: string; options: Acting & { force?: true }; command: Command; out: Output };

/**
 * Changes which version is current or ramps, audited before it is done. Refuses a version that is not known (exit code
 * 2) or that nobody runs. Throws StartupError.
 */
export async function changeVersions({ action, options, command, out }: Asked, targetOf: (routing: Routing) => Target | undefined): Promise<void> {
  await withTemporal(async (at) => {
    const routing = await readRouting(at);
    if (!routing) throw refusal('No version of the workflows has been started here yet: start the system.');
    const wanted = targetOf(routing);
    if (!wanted) throw refusal('No other version has been current before: name one with --to.');
    const { target, gains, current, ramping } = wanted;
    if (!routing.versions.some(({ buildId }) => buildId === target)) {
      const known = routing.versions.map(({ buildId }) => buildId).join(', ');
      command.error(`error: there is no version ${target}; known are ${known}.`, { exitCode: EXIT.usage });
    }
    if (current === null) throw refusal('No version is current, so that nothing can ramp beside it: promote one.');
    if (ramping?.buildId === current) command.error(`error: ${target} is current already.`, { exitCode: EXIT.usage });
    const workers = await presentWorkers(at);
    if (gains && !workers.has(target) && !options.force) throw refusal(`Nobody runs version ${target}, so that all would wait: start its workers, or say --force.`);
    await withServices(async ({ services }) => {
      const ctx = ctxOf(options);
      const before = { current: routing.current, ramping: routing.ramping };
      await noteOperation(services, { ctx, key: ctx.requestId, input: { action, about: DEPLOYMENT_NAME, details: { buildId: target, current, ramping, before } } });
    });
    const moved = await changeRouting(at, { current, ramping }, { routing, identity: options.as, force: options.force === true });
    const unpinned = await unpinShort(at, [target, current, ...workers.keys()]);
    out.result({ buildId: target, current, ramping, ...moved, unpinned }, textOf({ current, ramping }, moved, unpinned));
    process.exitCode = EXIT.done;
  });
}

function textOf({ current, ramping }: Pick<Routing, 'current' | 'ramping'>, { held, released }: Moved, unpinned: number): string {
  return [
    ramping ? `${ramping.buildId} takes ${ramping.percent} % of what ${current} has.` : `${current} is current.`,
    ...(held > 0 ? [`Enrollments that stay on their version, because they have done what another one does not know: ${held}. Keep its workers running.`] : []),
    ...(released > 0 ? [`Enrollments that were held and move with the versions again: ${released}.`] : []),
    ...(unpinned > 0 ? [`Short workflows of versions that nobody runs, which go on with the current one: ${unpinned}.`] : []),
  ].join('\n');
}

const refusal = (message: string): StartupError => new StartupError({ code: 'bad_configuration', message });
