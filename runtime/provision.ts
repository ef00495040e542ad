import { createHmac } from 'node:crypto';
import { type DatabaseSecrets, databaseError, isDriverError } from '../db/index.ts';
import { migrateService } from '../db/migrate.ts';
import { provision, roleOf, SERVICES, type ServiceName, urlAs } from '../db/provision.ts';
import { dataStepsOf } from './data-steps.ts';
import { StartupError } from './embedded/startup-error.ts';

type Databases = {
  adminUrl: string | undefined;
  serviceUrls: Partial<Record<ServiceName, string>>;
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

async function prepare(options: Databases): Promise<Record<ServiceName, string>> {
  const { adminUrl, serviceUrls, secrets } = options;
  const passwordOf = (name: ServiceName) => createHmac('sha256', secrets.hashKey).update(`database-role/${name}`).digest('hex');
  const provisioned = SERVICES.filter((name) => serviceUrls[name] === undefined);
  if (adminUrl !== undefined && provisioned.length > 0) {
    await provision(adminUrl, Object.fromEntries(provisioned.map((name) => [name, passwordOf(name)])));
  }
  const urls = Object.fromEntries(
    SERVICES.map((name) => [name, serviceUrls[name] ?? urlAs(adminUrl ?? '', roleOf(name), passwordOf(name))]),
  ) as Record<ServiceName, string>;
  await Promise.all(SERVICES.map((name) => migrateService(name, urls[name], dataStepsOf(name, secrets))));
  return urls;
}
