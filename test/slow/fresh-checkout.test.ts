import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { keptPort } from '../../runtime/embedded/free-port.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 540_000;
const IS_ROOT = process.getuid?.() === 0;
/** `nobody`: an ordinary user that every system has. */
const ORDINARY = { uid: 65_534, gid: 65_534 };

type Case = { folder: string; as?: { uid: number; gid: number } };

describe('npm start, right after git clone, with the machine’s own Node', () => {
  let running: ChildProcess | undefined;
  let base = '';

  afterEach(async () => {
    if (running?.exitCode === null && running.signalCode === null && running.pid) {
      process.kill(-running.pid, 'SIGKILL');
      await once(running, 'exit');
    }
    rmSync(base, { recursive: true, force: true });
  });

  async function startsAndStops({ folder, as }: Case): Promise<void> {
    base = mkdtempSync(join(tmpdir(), 'trial-enrollment-fresh-'));
    const checkout = join(base, folder, 'checkout');
    mkdirSync(join(base, folder), { recursive: true, mode: 0o700 });
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, checkout]);
    const home = join(base, 'home');
    mkdirSync(home);
    if (as) execFileSync('chown', ['-R', `${as.uid}:${as.gid}`, base]);
    else chmodSync(base, 0o700);

    const [port, uiPort] = [await keptPort(), await keptPort()];
    let output = '';
    running = spawn('npm', ['start'], {
      cwd: checkout,
      ...as,
      detached: true,
      env: { ...plainEnvironment(), ...(as ? { HOME: home } : {}), PORT: String(port), TEMPORAL_UI_PORT: String(uiPort), LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.stdout?.on('data', (chunk) => (output += String(chunk)));
    running.stderr?.on('data', (chunk) => (output += String(chunk)));
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!output.includes('More tokens:')) {
      if (running.exitCode !== null || Date.now() > deadline) throw new Error(`not started:\n${output}`);
      await delay(200);
    }
    expect(output).toContain(`ready http://127.0.0.1:${port}\n`);
    expect(output).toContain('cohort enrolled: 7 active');
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    running.kill('SIGTERM');
    const [exitCode] = (await once(running, 'exit')) as [number | null];
    expect(exitCode).toBe(0);
  }

  it.skipIf(!IS_ROOT)('works as root, in a checkout under a folder that only root may enter', () => startsAndStops({ folder: 'private' }));

  it.skipIf(!IS_ROOT)('works as an ordinary user, with nothing but that user’s own home', () => startsAndStops({ folder: 'plain', as: ORDINARY }));

  it('works with spaces in the path', () => startsAndStops({ folder: 'a path with spaces' }));
});

/** As a person's shell would have it: without what npm and the test runner of this checkout have added. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_|TEST$)/i.test(name));
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}
