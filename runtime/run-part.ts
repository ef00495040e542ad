import type { ServiceName } from '../db/provision.ts';
import { dataStepsOf } from './data-steps.ts';
import type { Config } from './config.ts';
import { endOn, lostWorker } from './end-on.ts';
import { ensurePortFree } from './embedded/preconditions.ts';
import { StartupError } from './embedded/startup-error.ts';
import { configuredTemporal } from './installation-temporal.ts';
import { keyFiles, loadSecrets, type Secrets } from './keys.ts';
import { hostedBy, type Part, queuesOf } from './part.ts';
import { migrateElsewhere, reachable } from './provision.ts';
import { loadServiceKeys } from './rpc/keys.ts';
import { calleesOf } from './rpc/routes.ts';
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
  const temporal = temporalOf(config);
  const databaseUrls = databasesOf(part, config);
  // Found now, not by the first call.
  for (const callee of calleesOf(part).filter((name) => !hostedBy(part).includes(name))) required(config.peers[callee], `GRPC_URL_${callee.toUpperCase()}`);
  const smtpUrl = part === 'notification' ? required(config.SMTP_URL, 'SMTP_URL') : undefined;
  await ensurePortFree({ port: config.PORT, name: 'PORT' });
  const tls = await rpcTlsOf(config);
  if (config.NODE_ENV === 'production') refusePlainPeers(config);
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

/** What goes between services is about participants: in production it leaves the machine by TLS only. */
function refusePlainPeers({ peers }: Config): void {
  const plain = Object.entries(peers).filter(([, url]) => url.startsWith('http:') && !/^http:\/\/(localhost|127\.|\[::1\])/.test(url));
  if (plain.length === 0) return;
  const names = plain.map(([name]) => `GRPC_URL_${name.toUpperCase()}`).join(', ');
  throw new StartupError({ code: 'bad_configuration', message: `${names}: in production another machine is reached by https:// only, with GRPC_TLS_CA_FILE, GRPC_TLS_CERT_FILE and GRPC_TLS_KEY_FILE.` });
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new StartupError({ code: 'bad_configuration', message: `This process needs ${name}. See the table in README.md.` });
}

function databasesOf(part: Part, { serviceUrls }: Config): Partial<Record<ServiceName, string>> {
  return Object.fromEntries(hostedBy(part).map((name) => [name, required(serviceUrls[name], `DATABASE_URL_${name.toUpperCase()}`)]));
}

function temporalOf(config: Config) {
  required(config.TEMPORAL_ADDRESS, 'TEMPORAL_ADDRESS');
  return configuredTemporal();
}
