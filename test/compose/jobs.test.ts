// Real: PostgreSQL, the files, the certificates and the TLS between two processes. Nothing of a container engine.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerOf, roleOf, SERVICES } from '../../db/provision.ts';
import { authorityIn, certify } from '../../runtime/compose/certificates.ts';
import { makeKeys } from '../../runtime/compose/make-keys.ts';
import { prepareServer } from '../../runtime/compose/prepare-databases.ts';
import { CERTIFIED, FOREIGN_DATABASES, FOREIGN_ROLES } from '../../runtime/compose/roster.ts';
import { type RunningPostgres, startPostgres } from '../../runtime/embedded/postgres.ts';
import { loadSecrets } from '../../runtime/keys.ts';
import { compose, mountsOf, read } from './compose-file.ts';

const DAY_MS = 86_400_000;
const realm = read('ops/keycloak/realm.json');

let folder: string;
let root: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trial-enrollment-jobs-'));
  root = join(folder, 'installation');
  await makeKeys(root, { realm });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const files = async () => (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name)).toSorted();
const contents = async () => Object.fromEntries(await Promise.all((await files()).map(async (file) => [file.slice(root.length + 1), await readFile(file, 'utf8')] as const)));

describe('the job that makes the keys', () => {
  it('makes a folder for each volume that it is given, and no other', async () => {
    const given = mountsOf(compose.services['keys']!).map(({ target }) => target.replace('/installation/', ''));
    expect((await readdir(root)).toSorted()).toEqual(given.toSorted());
    const dockerfile = /for name in ([^;]+);/.exec(read('Dockerfile'))?.[1]?.split(' ');
    expect(dockerfile?.toSorted()).toEqual(given.toSorted());
  });

  it('lets only the owner read, but for the two passwords that images of others read as somebody else', async () => {
    const modes = await Promise.all((await files()).map(async (file) => [file.slice(root.length + 1), (await stat(file)).mode & 0o777] as const));
    expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([['grafana/password', 0o644], ['postgres/password', 0o644]]);
  });

  it('changes nothing when it is run again', async () => {
    const before = await contents();
    expect(await makeKeys(root, { realm })).toEqual({ renewed: [] });
    expect(await contents()).toEqual(before);
  });

  it('gives no process a password, private key or certificate key of another', async () => {
    const held = new Map<string, string[]>();
    const secrets = /"d":"([\w-]+)"|-----BEGIN PRIVATE KEY-----\r?\n([^\r\n]+)|:([0-9a-f]{48})@/g;
    for (const [file, text] of Object.entries(await contents())) {
      const owner = file.split('/')[0]!;
      if (['authority', 'databases', 'people', 'ops'].includes(owner)) continue;
      for (const [, ...found] of text.matchAll(secrets)) held.set(found.join(''), [...new Set([...(held.get(found.join('')) ?? []), owner])]);
    }
    expect(held.size).toBeGreaterThan(15);
    expect([...held.values()].filter((owners) => owners.length > 1)).toEqual([]);
  });

  it('puts passwords of its own into the realm, where nothing is left to fill in', async () => {
    const made = await contents();
    const [text, password] = [made['issuer/realm.json']!, made['people/user.password']!];
    expect(text).not.toContain('__');
    const { users, clients } = JSON.parse(text) as { users: { credentials: { value: string }[] }[]; clients: { clientId: string; secret?: string }[] };
    expect(new Set(users.map(({ credentials }) => credentials[0]?.value))).toEqual(new Set([password]));
    expect(clients.find(({ clientId }) => clientId === 'temporal-ui')?.secret).toBe(made['temporal-ui/client-secret']);
  });
});

describe('certificates', () => {
  it('are of the installation’s own authority, for the names of their container, to serve and to call with', async () => {
    const made = await contents();
    const authority = new X509Certificate(made['people/ca.pem']!);
    expect(authority.ca).toBe(true);
    for (const [name, hosts] of Object.entries(CERTIFIED)) {
      const certificate = new X509Certificate(made[`${name}/tls.crt`]!);
      expect(certificate.verify(authority.publicKey), name).toBe(true);
      expect(certificate.ca).toBe(false);
      expect(hosts.map((host) => certificate.checkHost(host)), name).toEqual(hosts);
      expect(certificate.checkHost('elsewhere.example')).toBeUndefined();
      expect(certificate.keyUsage.toSorted()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    }
    const known = new Set(Object.keys(compose.services));
    expect(Object.values(CERTIFIED).flat().filter((host) => host !== 'localhost' && !known.has(host))).toEqual([]);
  });

  it('are made anew in the last sixty days of theirs, and when their names change; the authority stays', async () => {
    const own = join(folder, 'renewed');
    const authority = await authorityIn(join(folder, 'authority'));
    const made = (names: string[], days: number) => certify(own, { authority, names, now: new Date(Date.now() + days * DAY_MS) });
    expect(await made(['a'], 0)).toBe(true);
    expect(await made(['a'], 330)).toBe(false);
    expect(await made(['a'], 340)).toBe(true);
    expect(await made(['a', 'b'], 340)).toBe(true);
    expect(await authorityIn(join(folder, 'authority'))).toEqual(authority);
  });
});

describe('the job that makes the databases', () => {
  let server: RunningPostgres;
  const opened: postgres.Sql[] = [];
  const as = async (role: string, database: string) => {
    const url = new URL(server.url);
    url.username = role;
    url.password = await readFile(join(root, 'databases', `${role}.password`), 'utf8');
    url.pathname = `/${database}`;
    const sql = postgres(url.href, { max: 1, onnotice: () => undefined });
    opened.push(sql);
    return sql;
  };
  const prepare = async () => {
    const named = { KEY_ENCRYPTION_KEYS_FILE: join(root, 'services/key-encryption.json'), PAYLOAD_KEYS_FILE: join(root, 'shared/payload.json'), AUDIT_SEAL_KEYS_FILE: join(root, 'services/audit-seals.json') };
    const secrets = await loadSecrets({ DATA_DIR: join(folder, 'data'), HASH_KEY: undefined, INDEX_KEY: undefined, ...named });
    await prepareServer({ adminUrl: server.url, passwords: join(root, 'databases'), secrets });
  };
  beforeAll(async () => {
    server = await startPostgres({ dataDir: join(folder, 'postgres'), log: join(folder, 'postgres.log'), settings: { fsync: 'off' } });
    await prepare();
  }, 60_000);
  afterAll(async () => {
    await Promise.all(opened.map((sql) => sql.end({ timeout: 5 })));
    await server.stop();
  });

  it.each(SERVICES)('%s works in its own database and gets into no other', async (service) => {
    const sql = await as(roleOf(service), service);
    const [row] = await sql.unsafe(`select count(*)::int as n, (select pg_get_userbyid(nspowner) from pg_namespace where nspname = '${service}') as owner from ${service}.migrations`);
    expect(row).toMatchObject({ owner: ownerOf(service) });
    expect(Number(row?.['n'])).toBeGreaterThan(0);
    await expect(sql.unsafe(`alter table ${service}.audit_entries disable trigger all`)).rejects.toMatchObject({ code: '42501' });
    const other = await as(roleOf(service), SERVICES.find((name) => name !== service)!);
    await expect(other`select 1`).rejects.toMatchObject({ code: '42501' });
  });

  it('nobody logs in as an owner of a service’s tables', async () => {
    const sql = postgres(server.url, { max: 1 });
    opened.push(sql);
    const rows = await sql`select rolname as name from pg_roles where rolcanlogin and not rolsuper order by 1`;
    expect(rows.map(({ name }) => String(name))).toEqual([...FOREIGN_ROLES, ...SERVICES.map(roleOf)].toSorted());
  });

  it('Temporal and the token issuer own theirs, which are empty', async () => {
    for (const [database, owner] of Object.entries(FOREIGN_DATABASES)) {
      const sql = await as(owner, database);
      await sql`create table probe (id int)`;
      await sql`drop table probe`;
    }
  });

  it('changes nothing when it is run again, but takes over a password that is another by now', async () => {
    await writeFile(join(root, 'databases', 'temporal.password'), 'f'.repeat(48));
    await prepare();
    const sql = await as('temporal', 'temporal');
    expect(await sql`select 1 as n`).toMatchObject([{ n: 1 }]);
  });
});
