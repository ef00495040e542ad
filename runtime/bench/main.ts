import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleBare, createBareTable, startBare } from './bare/worker.ts';
import { startLoad } from './load/load.ts';
import { measureDefaultSettings } from './measures/default-settings.ts';
import { measureList } from './measures/list.ts';
import { ourSide } from './measures/ours.ts';
import { measureProcess } from './measures/process.ts';
import { measureGetPatient, measurePost } from './measures/rest.ts';
import { measureWorkflows } from './measures/workflow.ts';
import { asTable, isOk, type Line } from './report.ts';
import { setUpBenchStudy } from './study.ts';
import { plainServerFile, startBenchSystem } from './system.ts';

const LOAD =
  'Load: HTTP requests come from a separate process on this machine; workflows are started by the process that also runs API and workers (both for ours and for bare). Servers are embedded, with the settings of npm start (fsync on, synchronous FULL).';

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-bench-'));
try {
  const report = { load: LOAD, machine: machine(), lines: (await measureAll()).map((line) => ({ ...line, ok: isOk(line) })) };
  console.log(flags.json ? JSON.stringify(report, null, 2) : asTable(report));
  process.exitCode = report.lines.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}

async function measureAll(): Promise<Line[]> {
  const lines = await measureProcess({ dataDir: join(dir, 'process'), starts: 3 });
  say('processes measured');
  const at = await startBenchSystem(join(dir, 'system'));
  const load = startLoad();
  try {
    const { adminUrl } = at;
    const study = await setUpBenchStudy(at);
    await createBareTable(adminUrl);
    const bundle = await bundleBare();
    const bare = await startBare({ address: at.temporalAddress, namespace: 'bench', adminUrl, bundle });
    const ours = await ourSide(at, study);
    const compared = await measureWorkflows({ at, study, ours, bare, sizes: { unloaded: 30, rounds: 3, perRound: 150, inFlight: 50 } });
    await bare.stop();
    lines.push(...compared.lines);
    say('workflows measured');
    lines.push(await measureDefaultSettings({ dbFile: plainServerFile(dir), adminUrl, bundle, bareUnloaded: compared.bareUnloaded, runs: 8 }));
    lines.push(...(await measurePost({ at, study, load }, 100)));
    say('POST measured');
    lines.push(...(await measureGetPatient({ at, study, load }, { rounds: 3, durationMs: 4000 })));
    say('GET measured');
    lines.push(...(await measureList({ at, study, load }, 60)));
    return lines;
  } finally {
    load.stop();
    await at.stop();
  }
}

function machine(): string {
  return `Machine: ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), load before ${loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}.`;
}

/** Progress, away from the report. */
function say(what: string): void {
  console.error(`bench: ${what}`);
}
