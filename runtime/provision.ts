import { createHmac } from 'node:crypto';
import { migrateService } from '../db/migrate.ts';
import { provision, roleOf, SERVICES, type ServiceName, urlAs } from '../db/provision.ts';

/**
 * A URL for each service: its own where one is configured, otherwise its own role and schema in the database of
 * `adminUrl`. Schemas are brought up to date. The roles' passwords follow from the hash key, so every start and
 * every process of an installation comes to the same ones.
 */
export async function prepareDatabases(options: {
  adminUrl: string | undefined;
  serviceUrls: Partial<Record<ServiceName, string>>;
  hashKey: Uint8Array;
}): Promise<Record<ServiceName, string>> {
  const { adminUrl, serviceUrls, hashKey } = options;
  const passwordOf = (name: ServiceName) => createHmac('sha256', hashKey).update(`database-role/${name}`).digest('hex');
  const provisioned = SERVICES.filter((name) => serviceUrls[name] === undefined);
  if (adminUrl !== undefined && provisioned.length > 0) {
    await provision(adminUrl, Object.fromEntries(provisioned.map((name) => [name, passwordOf(name)])));
  }
  const urls = Object.fromEntries(
    SERVICES.map((name) => [name, serviceUrls[name] ?? urlAs(adminUrl ?? '', roleOf(name), passwordOf(name))]),
  ) as Record<ServiceName, string>;
  await Promise.all(SERVICES.map((name) => migrateService(name, urls[name])));
  return urls;
}
