import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectNode } from './checkout.mjs';

const TIMEOUT_MS = 3 * 60_000;
const run = promisify(execFile);

/**
 * Lets the Temporal SDK download the program into `folder` and returns its path; fails fast without internet.
 * The SDK needs the project's Node and starts what it downloaded, therefore a process of its own.
 */
export async function downloadWithSdk({ folder, program: { name, version } }) {
  try {
    await run(projectNode, [fileURLToPath(import.meta.url), folder, name, version], { timeout: TIMEOUT_MS });
  } catch (error) {
    throw new Error(error.killed ? 'no answer in time' : 'not reachable');
  }
  const [program] = readdirSync(folder);
  if (!program) throw new Error('nothing was downloaded');
  return join(folder, program);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , downloadDir, name, version] = process.argv;
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const server = { executable: { type: 'cached-download', downloadDir, version: `v${version}` } };
  const start = name === 'temporal' ? 'createLocal' : 'createTimeSkipping';
  const environment = await TestWorkflowEnvironment[start]({ server });
  await environment.teardown();
}
