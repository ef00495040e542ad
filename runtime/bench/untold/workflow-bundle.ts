import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const WORKFLOWS = fileURLToPath(new URL('../../../workflows/', import.meta.url));

/** Workflow code without the interceptors that hand on traces; made anew for this process. */
export async function buildWorkflowBundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath: join(WORKFLOWS, 'index.ts'), failureConverterPath: join(WORKFLOWS, 'failure-converter.ts'), logger: new DefaultLogger('ERROR') });
  const path = join(await mkdtemp(join(tmpdir(), 'trial-enrollment-untold-')), 'workflows.js');
  await writeFile(path, code);
  return path;
}
