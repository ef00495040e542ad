import type { ServiceName } from '../db/provision.ts';
import { dataStepsOf } from './data-steps.ts';
import type { Config } from './config.ts';
import { endOn, lostWorker } from './end-on.ts';
import { ensurePortFree } from './embedded/preconditions.ts';
import { configuredTemporal } from './installation-temporal.ts';
import { keyFiles, loadSecrets, type Secrets } from './keys.ts';
import { hostedBy, type Part, queuesOf } from './part.ts';
import { neededBy } from './needed-by.ts';
import { migrateElsewhere, reachable } from './provision.ts';
import { loadServiceKeys } from './rpc/keys.ts';
import { rpcTlsOf } from './rpc/tls.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { mailOf, settingsOf } from './settings.ts';
import { startSystem } from './system.ts';
import { startLogAndTraces } from './telemetry/of-config.ts';
import { tokenIssuerOf } from './token-issuer.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

/**
 * One part of the system as a process of its own, on servers that are there already. Says `ready` with where it is.
 * Throws StartupError naming what is missing from the configuration.
 */
export async function runPart(part: Part, config: Config): Promise<void> {
  const { log, telemetry } = startLogAndTraces(config, part);
  // Found now, not by the first call.
  const { databaseUrls, smtpUrl } = neededBy(part, config);
  const temporal = configuredTemporal();
  await ensurePortFree({ port: config.PORT, name: 'PORT' });
  const tls = await rpcTlsOf(config);
  const files = keyFiles(config.DATA_DIR);
  const secrets = await loadSecrets(config);
  const serviceKeys = await loadServiceKeys({ ...config, file: files.services });
  for (const [name, url] of Object.entries(databaseUrls)) await bringUpToDate(name as ServiceName, url, { config, secrets });
  if (part === 'api' || part === 'enrollment') await ensureSearchAttributes(temporal);
  const system = await startSystem({
    ...settingsOf(config),
    hosted: hostedBy(part),
    queues: queuesOf(part),
    peers: config.peers,
    serviceKeys,
    tls,
    databaseUrls,
    secrets,
    temporal,
    workflowBundlePath: part === 'enrollment' || part === 'api' ? await buildWorkflowBundle() : '',
    deployment: { buildId: config.BUILD_ID, promote: config.DEPLOY_PROMOTE ?? 'manual' },
    ...(smtpUrl === undefined ? {} : { mail: mailOf(config, smtpUrl) }),
    ...(part === 'api' ? { auth: await tokenIssuerOf(config, log) } : {}),
    ...(hostedBy(part).length > 0 ? { listenGrpc: { host: config.GRPC_HOST, port: config.GRPC_PORT ?? 0 } } : {}),
    log,
    telemetry,
  });
  endOn({ stop: () => system.stop(), losses: [lostWorker(system.workers.finished)] });
  console.log(`ready ${part} ${system.url}${system.grpc ? ` gRPC ${system.grpc.url}` : ''}`);
}

async function bringUpToDate(name: ServiceName, url: string, { config, secrets }: { config: Config; secrets: Secrets }): Promise<void> {
  await reachable(() => migrateElsewhere(name, { url, ownerUrl: config.ownerUrls[name], steps: dataStepsOf(name, secrets) }));
}
