import { type At, codeOf, NOT_FOUND } from './routing.ts';
import { DEPLOYMENT_NAME, type Version } from './version.ts';

const KEY = 'patches';

/** Writes down, for whoever routes runs, which changes under `patched()` the code of this version knows. */
export async function notePatches({ client, namespace }: At, version: Version, patches: readonly string[]): Promise<void> {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(patches)) };
  await client.workflowService.updateWorkerDeploymentVersionMetadata({ namespace, deploymentVersion: version, upsertEntries: { [KEY]: payload } });
}

/** Undefined when the version has never said. */
export async function patchesOf({ client, namespace }: At, buildId: string): Promise<readonly string[] | undefined> {
  const described = await client.workflowService
    .describeWorkerDeploymentVersion({ namespace, deploymentVersion: { deploymentName: DEPLOYMENT_NAME, buildId } })
    .catch((error: unknown) => (codeOf(error) === NOT_FOUND ? undefined : Promise.reject(error)));
  const data = described?.workerDeploymentVersionInfo?.metadata?.entries?.[KEY]?.data;
  return data ? (JSON.parse(Buffer.from(data).toString('utf8')) as string[]) : undefined;
}
