import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectNode } from './checkout.mjs';
import { TEMPORAL_VERSION } from './temporal-binary.mjs';

const TIMEOUT_MS = 3 * 60_000;
const run = promisify(execFile);

/**
 * Lets the Temporal SDK download the program into `folder` and returns its path; fails fast without internet.
 * The SDK needs the project's Node and starts what it downloaded, therefore a process of its own.
 */
export async function downloadWithSdk(folder) {
  try {
    await run(projectNode, [fileURLToPath(import.meta.url), folder], { timeout: TIMEOUT_MS });
  } catch (error) {
    throw new Error(error.killed ? 'no answer in time' : 'not reachable');
  }
  const [program] = readdirSync(folder);
  if (!program) throw new Error('nothing was downloaded');
  return join(folder, program);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const executable = { type: 'cached-download', downloadDir: process.argv[2], version: `v${TEMPORAL_VERSION}` };
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
}
