import { startTemporal } from '../../embedded/temporal.ts';
import { startBare } from '../bare/worker.ts';
import type { Line } from '../report.ts';
import { median, rounded } from '../statistics.ts';
import { timed } from './workflow.ts';

/** The bare workflow on a server without our settings: how much slower shows that the settings work. */
export async function measureDefaultSettings(options: {
  dbFile: string;
  adminUrl: string;
  bundle: { code: string };
  /** The same workflow on the server with our settings, milliseconds. */
  bareUnloaded: number[];
  runs: number;
}): Promise<Line> {
  const { dbFile, adminUrl, bundle, bareUnloaded, runs } = options;
  const server = await startTemporal({ dbFile, searchAttributes: {}, defaultSettings: true });
  const side = await startBare({ address: server.address, namespace: 'default', adminUrl, bundle });
  const slow: number[] = [];
  await side.run();
  for (let run = 0; run < runs; run += 1) slow.push(await timed(() => side.run()));
  await side.stop();
  await server.stop();
  return {
    name: 'bare workflow on a server with default settings, unloaded p50',
    measured: rounded(median(slow) / median(bareUnloaded), 2),
    unit: '×',
    bound: { atLeast: 4 },
    samples: { 'default settings ms': slow },
  };
}
