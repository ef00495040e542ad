import postgres from 'postgres';

/** The services that own a schema and a role each. */
export const SERVICES = ['patient', 'study', 'site', 'edc', 'notification'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Name of the database role that a service works as. */
export function roleOf(service: ServiceName): string {
  return `${service}_service`;
}

/** URL of the same server and database, as the service's own role. */
export function urlAs(url: string, role: string, password: string): string {
  const as = new URL(url);
  as.username = role;
  as.password = password;
  return as.href;
}

/**
 * Makes a schema and a role for each service, without grants across. Needs a role that may create roles.
 * Safe to repeat, and to run from two processes at once (advisory lock).
 */
export async function provision(adminUrl: string, passwords: Partial<Record<ServiceName, string>>): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    await sql.begin(async (tx) => {
      // Roles belong to the whole server, so the lock is taken where all databases of the server meet: on a constant.
      await tx`select pg_advisory_xact_lock(hashtext('trial-enrollment/provision'))`;
      for (const service of SERVICES) {
        const password = passwords[service];
        if (password === undefined) continue;
        const role = roleOf(service);
        const [known] = await tx`select 1 from pg_roles where rolname = ${role}`;
        // A password can't be a parameter of DDL; format() of the server quotes it.
        const [ddl] = await tx`select format('%s role %I login password %L', ${known ? 'alter' : 'create'}::text, ${role}::text, ${password}::text) as text`;
        await tx.unsafe(String(ddl?.['text']));
        await tx.unsafe(`create schema if not exists ${service} authorization ${role}`);
        await tx.unsafe(`revoke all on schema ${service} from public`);
      }
      await tx.unsafe('revoke create on schema public from public');
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}
