import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findTemporalBinary } from '../setup/temporal-binary.mjs';
import { freePort } from './free-port.ts';
import { spawnGuarded } from './guarded-child.ts';
import type { GuardedChild } from './guarded-child.ts';
import { StartupError } from './startup-error.ts';
import { becomesReady, NAMESPACE, type SearchAttributes } from './temporal-ready.ts';
import { endLeftoverTemporal, forgetTemporal, rememberTemporal } from './temporal-takeover.ts';

/** Another program may take a port between our look and the bind. */
const MAX_ATTEMPTS = 4;
const END_STEPS = [
  { signal: 'SIGTERM', waitMs: 3_000 },
  { signal: 'SIGKILL', waitMs: 1_000 },
] as const;

/**
 * The development server has one shard and polls it 20 times a second: every dispatch waits 50 ms.
 * With these two, six activities take 79 ms instead of 350 (measured on two cores).
 */
const SPEED_SETTINGS = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.transferProcessorMaxPollHostRPS=4000',
  // Otherwise a timer, and so the next attempt of an activity, may come a second late.
  'history.timerProcessorMaxTimeShift="20ms"',
];

/** Runs whose workflow task keeps failing can be searched for, from the second failure on (`TemporalReportedProblems`). */
export const SEARCHABLE = ['system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2'];

export interface RunningTemporal {
  /** host:port of the gRPC frontend. */
  readonly address: string;
  /** Present when a `uiPort` was asked for. */
  readonly uiUrl?: string;
  readonly pid: number;
  /** Settles when the server has ended, asked to or not. */
  readonly exited: Promise<void>;
  /** SIGTERM, after 3 s SIGKILL; the SQLite file opens again after either. */
  stop(): Promise<void>;
}

interface TemporalOptions {
  /** The SQLite file; in memory without it. Its owner holds the instance lock. */
  dbFile?: string;
  /** Port of the web interface on 127.0.0.1; none without it. The caller has looked whether it is free. */
  uiPort?: number;
  /** Where the web interface has payloads opened; it puts `/decode` behind it. */
  codecEndpoint?: string;
  /** Registered before the first call is answered; also in a file that an earlier version made. */
  searchAttributes: SearchAttributes;
  /** Dynamic configuration beside ours, each `name=value`. */
  settings?: readonly string[];
  /** Without the speed settings, for comparison (`npm run bench`). */
  defaultSettings?: boolean;
  /** File that takes the server's errors; discarded without it. */
  log?: string;
}

/**
 * Starts Temporal's development server and returns when its namespace `default` answers a gRPC call.
 * A server that a killed parent left on `dbFile` is ended first. It ends within 5 s of this process (`warden.ts`).
 * Throws StartupError with what to do.
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const dbFile = options.dbFile === undefined ? undefined : resolve(options.dbFile);
  const program = await temporalProgram();
  if (dbFile !== undefined) {
    mkdirSync(dirname(dbFile), { recursive: true });
    await endLeftoverTemporal({ dbFile, steps: END_STEPS });
  }
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const args = serverArguments({ ...options, dbFile, port });
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? tmpdir(), TEMPORAL_VERSION_CHECK_DISABLED: '1' };
    const cwd = dbFile === undefined ? tmpdir() : dirname(dbFile);
    const child = await spawnGuarded({ command: program, args, env, cwd, log: options.log, endSteps: END_STEPS });
    if (dbFile !== undefined) rememberTemporal({ dbFile, address, identity: child });
    if (await becomesReady({ address, child, searchAttributes: options.searchAttributes })) return running({ address, child, dbFile, uiPort: options.uiPort });
    await child.stop();
    await delay(200 * attempt);
  }
  const where = options.log === undefined ? '' : `; see ${options.log}`;
  throw new StartupError({ code: 'temporal_not_started', message: `The Temporal server does not start${where}, or set TEMPORAL_ADDRESS to one of your own.` });
}

async function temporalProgram(): Promise<string> {
  const found = await findTemporalBinary();
  if (found) return found.path;
  const message = 'No Temporal binary: run "node runtime/setup.mjs", put temporal 1.9 or later on PATH, or set TEMPORAL_ADDRESS to a server of your own.';
  throw new StartupError({ code: 'temporal_binary_missing', message });
}

function serverArguments({ dbFile, port, uiPort, codecEndpoint, searchAttributes, settings = [], defaultSettings = false }: Omit<TemporalOptions, 'dbFile'> & { dbFile: string | undefined; port: number }): string[] {
  const storage = dbFile === undefined ? [] : ['--db-filename', dbFile, ...(defaultSettings ? [] : ['--sqlite-pragma', 'journal_mode=WAL'])];
  // FULL: what the server has acknowledged must outlive a power cut (costs a fifth of the throughput).
  const durability = dbFile === undefined ? [] : ['--sqlite-pragma', 'synchronous=FULL'];
  const dynamic = [...(defaultSettings ? [] : SPEED_SETTINGS), ...SEARCHABLE, ...settings].flatMap((setting) => ['--dynamic-config-value', setting]);
  const attributes = Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]);
  const ui = uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-ip', '127.0.0.1', '--ui-disable-news-fetch', ...(codecEndpoint === undefined ? [] : ['--ui-codec-endpoint', codecEndpoint])];
  return ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--namespace', NAMESPACE, '--log-level', 'error', ...storage, ...durability, ...dynamic, ...attributes, ...ui];
}

function running({ address, child, dbFile, uiPort }: { address: string; child: GuardedChild; dbFile: string | undefined; uiPort: number | undefined }): RunningTemporal {
  const stop = async () => {
    await child.stop();
    if (dbFile !== undefined) forgetTemporal(dbFile);
  };
  const ui = uiPort === undefined ? {} : { uiUrl: `http://127.0.0.1:${uiPort}` };
  return { address, ...ui, pid: child.pid, exited: child.exited, stop };
}
