import { SERVICES } from '../../db/provision.ts';

/**
 * What runs under `docker-compose.yml` and is given files of its own: a folder for each, which is a volume there. The
 * names are the host names of the network, too.
 */
export const APPLICATION = ['api', ...SERVICES, 'enrollment', 'ops'] as const;
export type ApplicationProcess = (typeof APPLICATION)[number];

/** Databases of others on the same server, with the role that owns each and logs in to it. */
export const FOREIGN_DATABASES = { temporal: 'temporal', temporal_visibility: 'temporal', issuer: 'issuer' } as const;
export const FOREIGN_ROLES = ['temporal', 'issuer'] as const;

/** Whose certificate is for which names. `localhost` where people come in from their own machine. */
export const CERTIFIED: Readonly<Record<string, readonly string[]>> = {
  api: ['api-1', 'api-2'],
  ...Object.fromEntries(SERVICES.map((name) => [name, [name]])),
  proxy: ['proxy', 'localhost'],
  issuer: ['issuer', 'localhost'],
  'temporal-ui': ['temporal-ui', 'localhost'],
};

/** Everything that the network has one PostgreSQL server for. */
export const POSTGRES_AT = 'postgres:5432';

/** Where people reach things from the machine that runs it all. */
export const PUBLIC = {
  api: 'https://localhost:8443',
  issuer: 'https://localhost:8444',
  temporalUi: 'https://localhost:8233',
} as const;
