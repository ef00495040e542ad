import postgres from 'postgres';

/** The services that own a schema and a role each. */
export const SERVICES = ['patient', 'study', 'site', 'edc', 'notification'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Name of the database role that a service works as. */
export function roleOf(service: ServiceName): string {
  return `${service}_service`;
}

/** Name of the role that owns a service's tables; nobody logs in as it. */
export function ownerOf(service: ServiceName): string {
  return `${service}_owner`;
}

/** URL of the same server and database, as the service's own role. */
export function urlAs(url: string, role: string, password: string): string {
  const as = new URL(url);
  as.username = role;
  as.password = password;
  return as.href;
}

/**
 * Makes a schema for each service, with a role that owns it and another one that the service works as, without grants
 * across. Schemas of before, which belonged to the service's own role, are given to the owner. Needs a role that may
 * create roles. Safe to repeat, and to run from two processes at once (advisory lock).
 */
export async function provision(adminUrl: string, passwords: Partial<Record<ServiceName, string>>): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    await sql.begin(async (tx) => {
      // Roles belong to the whole server, so the lock is taken where all databases of the server meet: on a constant.
      await tx`select pg_advisory_xact_lock(hashtext('trial-enrollment/provision'))`;
      for (const service of SERVICES) {
        const password = passwords[service];
        if (password !== undefined) await provisionService(tx, { service, password });
      }
      await tx.unsafe('revoke create on schema public from public');
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function provisionService(tx: postgres.TransactionSql, { service, password }: { service: ServiceName; password: string }): Promise<void> {
  const [role, owner] = [roleOf(service), ownerOf(service)];
  const isKnown = async (name: string) => (await tx`select 1 from pg_roles where rolname = ${name}`).length > 0;
  // A password can't be a parameter of DDL; format() of the server quotes it.
  const [ddl] = await tx`select format('%s role %I login password %L', ${(await isKnown(role)) ? 'alter' : 'create'}::text, ${role}::text, ${password}::text) as text`;
  await tx.unsafe(String(ddl?.['text']));
  if (!(await isKnown(owner))) await tx.unsafe(`create role ${owner} nologin`);
  const [me] = await tx`select rolsuper as "isSuperuser" from pg_roles where rolname = current_user`;
  if (!me?.['isSuperuser']) await tx.unsafe(`grant ${owner}, ${role} to current_user`);
  await tx.unsafe(`create schema if not exists ${service} authorization ${owner}`);
  const [schema] = await tx`select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = ${service}`;
  if (schema?.['owner'] === role) await tx.unsafe(`reassign owned by ${role} to ${owner}`);
  await tx.unsafe(`revoke all on schema ${service} from public`);
}
