import { createHmac } from 'node:crypto';
import { type DatabaseSecrets, databaseError, isDriverError } from '../db/index.ts';
import type { DataSteps } from '../db/data-steps.ts';
import { migrateService } from '../db/migrate.ts';
import { ownerOf, provision, roleOf, SERVICES, type ServiceName, urlAs } from '../db/provision.ts';
import { dataStepsOf } from './data-steps.ts';
import { StartupError } from './embedded/startup-error.ts';

type Databases = {
  adminUrl: string | undefined;
  serviceUrls: Partial<Record<ServiceName, string>>;
  /** Of the roles that own the schemas of `serviceUrls`. */
  ownerUrls: Partial<Record<ServiceName, string>>;
  secrets: DatabaseSecrets;
};

/**
 * A URL for each service: its own where one is configured, otherwise its own role and schema in the database of
 * `adminUrl`. Schemas are brought up to date. The roles' passwords follow from the hash key, so every start and
 * every process of an installation comes to the same ones. Throws StartupError when PostgreSQL can't be reached or refuses.
 */
export async function prepareDatabases(options: Databases): Promise<Record<ServiceName, string>> {
  return reachable(() => prepare(options));
}

/** What `work` on a database comes to. Throws StartupError when PostgreSQL can't be reached or refuses. */
export async function reachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isDriverError(cause)) throw cause;
    // The code only: the driver's message may carry the URL or values.
    const reason = databaseError(cause).sqlstate ?? 'no answer';
    const message = `PostgreSQL can't be made ready (${reason}): start it, or correct DATABASE_URL or the DATABASE_URL_<SERVICE> in question.`;
    throw new StartupError({ code: 'dependency_unreachable', message, cause });
  }
}

/** Where each service's database is and as whom, whether that is prepared or not. */
export function serviceUrlsOf({ adminUrl, serviceUrls, secrets }: Omit<Databases, 'ownerUrls'>): Record<ServiceName, string> {
  const urls = SERVICES.map((name) => [name, serviceUrls[name] ?? urlAs(adminUrl ?? '', roleOf(name), passwordOf(secrets, name))] as const);
  return Object.fromEntries(urls) as Record<ServiceName, string>;
}

const passwordOf = (secrets: DatabaseSecrets, name: ServiceName) => createHmac('sha256', secrets.hashKey).update(`database-role/${name}`).digest('hex');

async function prepare(options: Databases): Promise<Record<ServiceName, string>> {
  const { adminUrl, serviceUrls, ownerUrls, secrets } = options;
  const provisioned = SERVICES.filter((name) => serviceUrls[name] === undefined);
  if (adminUrl !== undefined && provisioned.length > 0) {
    await provision(adminUrl, Object.fromEntries(provisioned.map((name) => [name, passwordOf(secrets, name)])));
  }
  const urls = serviceUrlsOf(options);
  await Promise.all(
    SERVICES.map((name) => {
      const steps = dataStepsOf(name, secrets);
      const own = serviceUrls[name];
      if (own === undefined) return migrateService(name, { url: adminUrl ?? '', owner: ownerOf(name), role: roleOf(name), steps });
      return migrateElsewhere(name, { url: own, ownerUrl: ownerUrls[name], steps });
    }),
  );
  return urls;
}

/**
 * Brings a schema up to date that somebody else has made: as its owner where that is told, and the service's own role
 * is given what it needs; otherwise as the service's role, which owns its tables then.
 */
export function migrateElsewhere(name: ServiceName, { url, ownerUrl, steps }: { url: string; ownerUrl: string | undefined; steps: DataSteps }): Promise<void> {
  return migrateService(name, ownerUrl === undefined ? { url, steps } : { url: ownerUrl, role: decodeURIComponent(new URL(url).username), steps });
}
