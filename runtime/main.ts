import { parseArgs } from 'node:util';
import { type Config, readConfig } from './config.ts';
import { lockInstance } from './embedded/instance-lock.ts';
import { ensurePortFree, ensureWritable } from './embedded/preconditions.ts';
import { StartupError } from './embedded/startup-error.ts';
import { endOnUncaught } from './crash.ts';
import { ensureIssuer } from './ensure-issuer.ts';
import { type Start, startOf } from './part.ts';

endOnUncaught();
try {
  await main();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`trial-enrollment: ${error.message}`);
  process.exit(1);
}

async function main(): Promise<void> {
  const { start, empty } = readArguments();
  const config = readConfig();
  if (['all', 'split', 'api'].includes(start)) ensureIssuer(config);
  ensureWritable(config.DATA_DIR);
  if (start === 'all' || start === 'split') return runAll(config, { start, empty });
  const { runPart } = await import('./run-part.ts');
  await runPart(start, config);
}

async function runAll(config: Config, { start, empty }: { start: 'all' | 'split'; empty: boolean }): Promise<void> {
  const lock = lockInstance(config.DATA_DIR);
  try {
    await ensurePortFree({ port: config.PORT, name: 'PORT' });
    if (config.TEMPORAL_ADDRESS === undefined) await ensurePortFree({ port: config.TEMPORAL_UI_PORT, name: 'TEMPORAL_UI_PORT' });
    // Loaded only now: what keeps a start from succeeding is said before seconds have gone into reading code.
    const [{ startInfrastructure }, { runSystem, runSplit }] = await Promise.all([import('./infrastructure.ts'), import('./run-system.ts')]);
    const infrastructure = await startInfrastructure(config);
    try {
      const run = start === 'all' ? runSystem : runSplit;
      await run({ config, infrastructure, withCohort: !empty, release: () => lock.release() });
    } catch (error) {
      await infrastructure.stop();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function readArguments(): { start: Start; empty: boolean } {
  try {
    const options = { empty: { type: 'boolean', default: false }, service: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { start: startOf(positionals, values.service), empty: values.empty };
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    // Of several lines; the first names the argument.
    const [reason = ''] = (cause as Error).message.split(/[.\n]/);
    throw new StartupError({ code: 'bad_configuration', message: `${reason}. There are --empty (without the demonstration cohort) and --service.`, cause });
  }
}
