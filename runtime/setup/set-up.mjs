import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { checkout, projectNode } from './checkout.mjs';
import { installPackages, packagesAreInstalled } from './packages.mjs';
import { takePidLock } from './pid-lock.mjs';
import { SetupError } from './report.mjs';
import { obtainTemporal, obtainTestServer, temporalIsThere, testServerIsThere } from './obtain-temporal.mjs';

const LOCK_TIMEOUT_MS = 20 * 60_000;
const LOCK_POLL_MS = 250;

/** Does what is missing, and returns the exit code. `forTests`: with what only the tests need. */
export async function setUp({ forTests }) {
  try {
    if (!(await everythingIsThere({ forTests }))) await withLock(() => completeIt({ forTests }));
    return bundleWorkflows();
  } catch (error) {
    if (error instanceof SetupError) console.error(`set-up: ${error.message}`);
    else console.error('set-up failed:', error);
    return 1;
  }
}

async function everythingIsThere({ forTests }) {
  return packagesAreInstalled() && (await temporalIsThere()) && (!forTests || testServerIsThere());
}

async function completeIt({ forTests }) {
  if (!packagesAreInstalled()) await installPackages();
  if (!(await temporalIsThere())) await obtainTemporal();
  if (forTests && !testServerIsThere()) await obtainTestServer();
}

/** Two set-ups at once in one checkout: the second waits, and then finds everything done. */
async function withLock(work) {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  let waits = false;
  for (;;) {
    const lock = tryLock();
    if (lock.taken) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (Date.now() > deadline) throw new SetupError(`process ${lock.pid} has been setting up this checkout for too long: end it, then start again.`);
    if (!waits) console.error(`set-up: waiting for process ${lock.pid}, which is setting up this checkout`);
    waits = true;
    await delay(LOCK_POLL_MS);
  }
}

function tryLock() {
  try {
    return takePidLock({ folder: join(checkout, '.cache'), name: 'setup' });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(error.code)) throw error;
    throw new SetupError(`the folder ${checkout} can't be written to (${error.code}): change its permissions or make room, then start again.`);
  }
}

/** The script looks itself whether the bundle is up to date. */
function bundleWorkflows() {
  if (!existsSync(join(checkout, 'runtime', 'bundle-workflows.ts'))) return 0;
  const { status } = spawnSync(projectNode, [join('runtime', 'bundle-workflows.ts')], { cwd: checkout, stdio: 'inherit' });
  return status ?? 1;
}
