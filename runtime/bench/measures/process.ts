import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keptPort } from '../../embedded/free-port.ts';
import type { Line } from '../report.ts';
import { median } from '../statistics.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const READY_WITHIN_MS = 120_000;
/** What the start leaves behind is collected by then. */
const IDLE_AFTER_MS = 5000;

/** Memory of the idle process, and the time of a start on data that are there already. */
export async function measureProcess({ dataDir, starts }: { dataDir: string; starts: number }): Promise<Line[]> {
  const first = await startAndStop([process.execPath, 'runtime/main.ts', '--empty'], dataDir, async (pid) => {
    await delay(IDLE_AFTER_MS);
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  });
  const warm: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    warm.push((await startAndStop(['npm', 'start', '--', '--empty'], dataDir)).readyMs);
  }
  return [
    { name: 'idle RSS of the Node process', measured: first.looked ?? Number.NaN, unit: 'MB', bound: { atMost: 400 }, samples: {} },
    { name: 'warm npm start until ready', measured: median(warm) / 1000, unit: 's', bound: { atMost: 15 }, samples: { ms: warm } },
  ];
}

async function startAndStop([command = '', ...args]: string[], dataDir: string, look?: (pid: number) => Promise<number>) {
  const ports = { PORT: String(await keptPort()), TEMPORAL_UI_PORT: String(await keptPort()) };
  const begun = performance.now();
  // A group of its own, so that a signal reaches the process below npm, too.
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...ports, DATA_DIR: dataDir }, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const pid = child.pid ?? 0;
  const giveUp = setTimeout(() => process.kill(-pid, 'SIGKILL'), READY_WITHIN_MS);
  try {
    for await (const line of createInterface(child.stdout)) {
      if (!line.startsWith('ready ')) continue;
      const readyMs = performance.now() - begun;
      return { readyMs, looked: look ? await look(pid) : undefined };
    }
    throw new Error(`${command} ${args.join(' ')} ended before it was ready`);
  } finally {
    clearTimeout(giveUp);
    if (child.exitCode === null) process.kill(-pid, 'SIGTERM');
    await ended;
  }
}
