import { SERVICES, type ServiceName } from '../db/provision.ts';
import type { Config } from './config.ts';
import { keptPort } from './embedded/free-port.ts';
import type { Infrastructure } from './infrastructure.ts';
import { keyFiles, loadSecrets } from './keys.ts';
import { type Part, PARTS } from './part.ts';
import { startPart } from './part-process.ts';
import { prepareDatabases } from './provision.ts';
import { sharedServiceKeys } from './rpc/keys.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

export type SplitSystem = {
  /** Settles with the name of a part that could not be kept running. */
  lost: Promise<Part>;
  /** SIGTERM to all, the edge first. */
  stop(): Promise<void>;
};

type Options = { config: Config; infrastructure: Pick<Infrastructure, 'adminUrl' | 'temporal' | 'smtpUrl'> };

/** Each part of the system as a process of its own, on servers that are there. Ready when all are. */
export async function startSplitSystem({ config, infrastructure }: Options): Promise<SplitSystem> {
  const files = keyFiles(config.DATA_DIR);
  // Made once, before several processes would; the parts read the files, or what the configuration names.
  const secrets = await loadSecrets(config);
  const [databaseUrls] = await Promise.all([
    prepareDatabases({ adminUrl: infrastructure.adminUrl, serviceUrls: config.serviceUrls, ownerUrls: config.ownerUrls, secrets }),
    // Made once, before several processes would.
    buildWorkflowBundle(),
    sharedServiceKeys(files.services),
  ]);
  // The edge takes this one only later.
  const promised = { except: [config.PORT] };
  const grpcPorts = Object.fromEntries(await Promise.all(SERVICES.map(async (name) => [name, await keptPort(promised)] as const))) as Record<ServiceName, number>;
  const common = {
    ...environmentOf(config, infrastructure),
    ...Object.fromEntries(SERVICES.map((name) => [`GRPC_URL_${name.toUpperCase()}`, `http://127.0.0.1:${grpcPorts[name]}`])),
  };
  const lost = Promise.withResolvers<Part>();
  const started = PARTS.map(async (part) => {
    const port = part === 'api' ? config.PORT : await keptPort(promised);
    const service = SERVICES.find((name) => name === part);
    const own = service ? { [`DATABASE_URL_${service.toUpperCase()}`]: databaseUrls[service], GRPC_PORT: String(grpcPorts[service]) } : {};
    const process = await startPart(part, { ...common, ...own, ...tracesOf(part, config), PORT: String(port) }, () => lost.resolve(part));
    return { part, process };
  });
  const settled = await Promise.allSettled(started);
  const running = settled.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
  const stop = async () => {
    // Ctrl-C reaches all of them at once.
    for (const { process } of running) process.letGo();
    await running.find(({ part }) => part === 'api')?.process.stop();
    await Promise.all(running.map(({ process }) => process.stop()));
  };
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { lost: lost.promise, stop };
}

/** In development the API shows the traces of all of them, unless they go to a receiver of somebody's. */
function tracesOf(part: Part, { NODE_ENV, OTEL_EXPORTER_OTLP_ENDPOINT, PORT }: Config): Record<string, string> {
  if (part === 'api' || NODE_ENV === 'production' || OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) return {};
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${PORT}/debug/otlp` };
}

/** What the parts read, apart from what is each one's own. The database URLs of others are not handed on. */
function environmentOf(config: Config, { temporal, smtpUrl }: Options['infrastructure']): Record<string, string> {
  const isHandedOn = (name: string) => (!name.startsWith('DATABASE_') || name === 'DATABASE_TIMEOUT_MS') && name !== 'SMTP_URL_FILE';
  const inherited = Object.entries(process.env).filter(([name]) => isHandedOn(name));
  return {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    DATA_DIR: config.DATA_DIR,
    TEMPORAL_ADDRESS: temporal.connection.address ?? '',
    TEMPORAL_NAMESPACE: temporal.namespace,
    SMTP_URL: smtpUrl,
    TEMPORAL_UI_ORIGINS: config.TEMPORAL_UI_ORIGINS ?? temporal.uiUrl ?? '',
    PUBLIC_URL: config.PUBLIC_URL ?? `http://127.0.0.1:${config.PORT}`,
    LOG_LEVEL: config.LOG_LEVEL,
    DEPLOY_PROMOTE: config.DEPLOY_PROMOTE ?? 'auto',
  };
}
