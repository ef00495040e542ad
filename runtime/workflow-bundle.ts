import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folderIn = (root: string) => join(root, '.cache', 'workflow-bundle');

/** Where the bundle of the workflow code as it is now lies, or would lie: named by the hash of its sources. */
export async function workflowBundlePath(root = ROOT): Promise<string> {
  const hash = createHash('sha256');
  hash.update(await readFile(join(root, 'node_modules', '@temporalio', 'worker', 'package.json')));
  const names = (await readdir(join(root, 'workflows'), { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted();
  for (const name of names) hash.update(name).update(await readFile(join(root, 'workflows', name)));
  return join(folderIn(root), `${hash.digest('hex').slice(0, 32)}.js`);
}

/** Makes the bundle when the workflow code has changed. Ahead of the start, because bundling costs memory for good. */
export async function buildWorkflowBundle(root = ROOT): Promise<string> {
  const path = await workflowBundlePath(root);
  if (existsSync(path)) return path;
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const silent = () => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    workflowInterceptorModules: [join(root, 'workflows', 'tracing', 'interceptors.ts')],
    failureConverterPath: join(root, 'workflows', 'failure-converter.ts'),
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: (message) => console.error(message) },
  });
  await mkdir(folderIn(root), { recursive: true });
  await dropOldBundles(folderIn(root));
  // Renamed into place: another process sees the whole bundle or none.
  await writeFile(`${path}.${process.pid}`, code);
  await rename(`${path}.${process.pid}`, path);
  return path;
}

/** Of earlier code; a younger one may be in use by another process. */
async function dropOldBundles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name));
    if (Date.now() - mtimeMs > 24 * 3_600_000) await rm(join(folder, name), { force: true });
  }
}
