import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** Under this name the versions of the workflow code are known to Temporal. */
export const DEPLOYMENT_NAME = 'trial-enrollment';

/** A version of the workflow code, as Temporal names it. */
export type Version = { deploymentName: string; buildId: string };

/** That of this bundle: the project's version and the hash of the code, so that every change of workflow code is another one. */
export async function versionOf(bundlePath: string, configured?: string): Promise<Version> {
  if (configured !== undefined) return { deploymentName: DEPLOYMENT_NAME, buildId: configured };
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return { deploymentName: DEPLOYMENT_NAME, buildId: `${version}-${basename(bundlePath).slice(0, 8)}` };
}

/** The ids of all changes under `patched()` that the code of a bundle knows. */
export async function patchesIn(bundlePath: string): Promise<string[]> {
  const code = await readFile(bundlePath, 'utf8');
  return [...new Set([...code.matchAll(/\.(?:patched|deprecatePatch)\)\(\s*(['"])(.+?)\1/g)].map(([, , id]) => id!))].toSorted();
}
