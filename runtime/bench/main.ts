import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleBare, createBareTable, startBare } from './bare/worker.ts';
import { type Load, startLoad } from './load/load.ts';
import { measureAudit } from './measures/audit.ts';
import { measureDefaultSettings } from './measures/default-settings.ts';
import { lateness, policyCost } from './measures/callee.ts';
import { measureList } from './measures/list.ts';
import { ourSide } from './measures/ours.ts';
import { measureProcess } from './measures/process.ts';
import { measureRandomisation } from './measures/randomisation.ts';
import { measureRpc } from './measures/rpc.ts';
import { measureGetPatient, measurePost } from './measures/rest.ts';
import { measureSecurity } from './measures/security.ts';
import { measureTelemetry } from './measures/telemetry.ts';
import { measureWorkflows } from './measures/workflow.ts';
import { asTable, isOk, type Line } from './report.ts';
import { type BenchStudy, setUpBenchStudy } from './study.ts';
import { type BenchSystem, startBenchSystem } from './system.ts';

const LOAD =
  'Load: HTTP requests come from a separate process on this machine; workflows are started by the process that also runs API and workers (both for ours and for bare); with and without protection, the process of each side sends its own requests. Servers are embedded, with the settings of npm start (fsync on, synchronous FULL).';

type At = { at: BenchSystem; study: BenchStudy; load: Load; dir: string };

/** On systems of their own. */
const APART: Record<string, () => Promise<Line[]>> = {
  process: () => measureProcess({ dataDir: join(dir, 'process'), starts: 3 }),
  security: async () => [await measureSecurity({ dir: join(dir, 'security'), rounds: 5, perRound: 100, inFlight: 10, say })],
  telemetry: async () => [await measureTelemetry({ dir: join(dir, 'telemetry'), rounds: 5, perRound: 100, inFlight: 10, say })],
};

/** On one system, in this order: the last ones fill tables, of enrollments and of the trail. */
const MEASURES: Record<string, (at: At) => Promise<Line[]>> = {
  workflows: compareWorkflows,
  post: (at) => measurePost(at, 100),
  get: (at) => measureGetPatient(at, { rounds: 3, durationMs: 4000 }),
  rpc: async (at) => [...(await measureRpc(at, { rounds: 3, durationMs: 3000 })), await policyCost(), await lateness()],
  randomisation: ({ at }) => measureRandomisation(at, { unloaded: 300, rounds: 3, perRound: 1000, inFlight: 20, lists: 3 }),
  list: (at) => measureList(at, 60),
  audit: ({ at }) => measureAudit(at, { few: 100_000, many: 1_000_000, runs: 3, say }),
};

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [...Object.keys(APART), ...Object.keys(MEASURES)] } },
});
// Temporal's runtime stops the workers on a signal; the bench would then wait for them for ever. Its servers end with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-bench-'));
try {
  const report = { load: LOAD, machine: machine(), lines: (await measureAll()).map((line) => ({ ...line, ok: isOk(line) })) };
  console.log(flags.json ? JSON.stringify(report, null, 2) : asTable(report));
  process.exitCode = report.lines.every(({ ok }) => ok) ? 0 : 1;
} finally {
  // Servers of a process that failed may take a moment to end.
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 1000 });
}

async function measureAll(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const [name, measure] of Object.entries(APART)) {
    if (!flags.only.includes(name)) continue;
    say(name);
    lines.push(...(await measure()));
  }
  const wanted = Object.entries(MEASURES).filter(([name]) => flags.only.includes(name));
  if (wanted.length === 0) return lines;
  const at = await startBenchSystem(join(dir, 'system'));
  const load = startLoad();
  try {
    const study = await setUpBenchStudy(at);
    for (const [name, measure] of wanted) {
      say(name);
      lines.push(...(await measure({ at, study, load, dir })));
    }
    return lines;
  } finally {
    load.stop();
    await at.stop();
  }
}

async function compareWorkflows({ at, study, dir: folder }: At): Promise<Line[]> {
  const { adminUrl } = at;
  await createBareTable(adminUrl);
  const bundle = await bundleBare();
  const bare = await startBare({ address: at.temporalAddress, namespace: 'bench', adminUrl, bundle });
  const sizes = { unloaded: 30, rounds: 3, perRound: 100, inFlight: 50 };
  const { lines, bareUnloaded } = await measureWorkflows({ at, study, ours: await ourSide(at, study), bare, sizes, say });
  await bare.stop();
  const dbFile = join(folder, 'default-settings', 'temporal.db');
  return [...lines, await measureDefaultSettings({ dbFile, adminUrl, bundle, bareUnloaded, runs: 8 })];
}

function machine(): string {
  return `Machine: ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), load before ${loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}.`;
}

/** Progress, away from the report. */
function say(what: string): void {
  console.error(`bench: ${Math.round(performance.now() / 1000)} s: ${what}`);
}
