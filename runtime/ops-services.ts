import type { ServiceDatabase } from '../db/index.ts';
import { SERVICES } from '../db/provision.ts';
import type { Config } from './config.ts';
import { runningClusterUrl } from './embedded/running-cluster.ts';
import { keyFiles, loadSecrets, type Secrets } from './keys.ts';
import { loadServiceKeys } from './rpc/keys.ts';
import { reachable, serviceUrlsOf } from './provision.ts';
import { composeServices, type Services } from './services.ts';
import { settingsOf } from './settings.ts';

export type OpsServices = { services: Services; databases: readonly ServiceDatabase[]; secrets: Secrets; close(): Promise<void> };

/**
 * The services on the databases of this installation, for an operator's command: whether the system runs or not, and
 * beside it. Nothing is migrated and no mail goes out. Throws StartupError with what to do.
 */
export async function openOpsServices(config: Config): Promise<OpsServices> {
  const secrets = await loadSecrets(config);
  const ownUrls = SERVICES.every((name) => config.serviceUrls[name] !== undefined);
  const adminUrl = config.DATABASE_URL ?? (ownUrls ? undefined : await runningClusterUrl(config.DATA_DIR));
  const { services, databases, close } = await composeServices({
    ...settingsOf(config),
    // Somebody waits for the answer of a process that has just begun: nobody is helped by giving up early.
    callDeadlineMs: config.EDGE_DEADLINE_MS,
    databaseUrls: serviceUrlsOf({ adminUrl, serviceUrls: config.serviceUrls, secrets }),
    secrets,
    serviceKeys: await loadServiceKeys({ ...config, file: keyFiles(config.DATA_DIR).services }),
    clock: () => new Date(),
    mailer: NO_MAILER,
  });
  await reachable(() => Promise.all(databases.map((db) => db.ping())));
  // All of them are hosted here.
  return { services: services as Services, databases, secrets, close };
}

const NO_MAILER = {
  domain: 'ops.invalid',
  send: () => Promise.reject(new Error('an operator’s command sends no mail')),
  verify: async () => undefined,
  close: () => undefined,
};
