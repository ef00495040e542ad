// `npm start` as separate processes: the embedded servers here, and each part of the system in a process of its own.
import { parseArgs } from 'node:util';
import { type Config, readConfig } from './config.ts';
import { lockInstance } from './embedded/instance-lock.ts';
import { ensurePortFree, ensureWritable } from './embedded/preconditions.ts';
import { StartupError } from './embedded/startup-error.ts';

try {
  await main();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`trial-enrollment: ${error.message}`);
  process.exit(1);
}

async function main(): Promise<void> {
  const { empty } = parseArgs({ options: { empty: { type: 'boolean', default: false } } }).values;
  const config = readConfig();
  ensureWritable(config.DATA_DIR);
  const lock = lockInstance(config.DATA_DIR);
  try {
    await ensurePortFree({ port: config.PORT, name: 'PORT' });
    if (config.TEMPORAL_ADDRESS === undefined) await ensurePortFree({ port: config.TEMPORAL_UI_PORT, name: 'TEMPORAL_UI_PORT' });
    await run(config, { empty, release: () => lock.release() });
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function run(config: Config, { empty, release }: { empty: boolean; release: () => void }): Promise<void> {
  const [{ startInfrastructure }, { startSplitSystem }, { enrolDemonstration, welcome }] = await Promise.all([
    import('./infrastructure.ts'),
    import('./split-system.ts'),
    import('./demo/demonstrate.ts'),
  ]);
  const infrastructure = await startInfrastructure(config);
  try {
    const system = await startSplitSystem({ config, infrastructure });
    const end = async (exitCode: number) => {
      await system.stop();
      await infrastructure.stop();
      release();
      process.exit(exitCode);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(0));
    void infrastructure.lost.then((name) => {
      console.error(`trial-enrollment: the embedded ${name} has ended; start again, nothing that was recorded is lost.`);
      return end(1);
    });
    void system.lost.then((part) => {
      console.error(`trial-enrollment: ${part} ends again and again; see its messages above.`);
      return end(1);
    });
    console.log(`ready ${system.url}`);
    if (!empty) await enrolDemonstration(config, system.url);
    await welcome(config, { url: system.url, uiUrl: infrastructure.temporal.uiUrl });
  } catch (error) {
    await infrastructure.stop();
    throw error;
  }
}
