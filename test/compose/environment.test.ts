// Real: the files that the job `keys` makes, and the configuration that reads them. Nothing is connected to.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES } from '../../db/provision.ts';
import { makeKeys } from '../../runtime/compose/make-keys.ts';
import { POSTGRES_AT, PUBLIC } from '../../runtime/compose/roster.ts';
import { ENVIRONMENT, readConfig } from '../../runtime/config.ts';
import { ensureIssuer } from '../../runtime/ensure-issuer.ts';
import { loadSecrets } from '../../runtime/keys.ts';
import { neededBy } from '../../runtime/needed-by.ts';
import { hostedBy } from '../../runtime/part.ts';
import { configuredServiceKeys } from '../../runtime/rpc/keys.ts';
import { calleesOf } from '../../runtime/rpc/routes.ts';
import { rpcTlsOf } from '../../runtime/rpc/tls.ts';
import { SECRET_VARIABLES } from '../../runtime/secret-files.ts';
import { compose, type Container, containers, hostAndPort, mountsOf, partOf, read } from './compose-file.ts';

/** Of Temporal's own tools (docs/deploy.md), and of Node. */
const OF_OTHERS = ['TEMPORAL_NAMESPACE', 'NODE_EXTRA_CA_CERTS'];
const ours = containers.filter(([, { image }]) => image.startsWith('trial-enrollment:'));
const parts = ours.flatMap(([name, container]) => {
  const part = partOf(container);
  return part === undefined ? [] : [{ name, part, container }];
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'trial-enrollment-compose-'));
  await makeKeys(root, { realm: read('ops/keycloak/realm.json') });
});
afterAll(() => rm(root, { recursive: true }));

/** The environment of a container, with its files where this test has them. */
function environmentOf(container: Container): Record<string, string> {
  const made = mountsOf(compose.services['keys']!);
  const folders = mountsOf(container).flatMap(({ source, target }) => {
    const folder = made.find((one) => one.source === source)?.target.replace('/installation', root);
    return folder === undefined ? [] : [{ target, folder }];
  });
  const here = (value: string) => {
    const mount = folders.find(({ target }) => value.startsWith(`${target}/`));
    return mount ? value.replace(mount.target, mount.folder) : value;
  };
  return Object.fromEntries(Object.entries(container.environment ?? {}).map(([name, value]) => [name, here(value)]));
}

describe('the environment of each process in docker-compose.yml', () => {
  it.each(ours)('%s: every variable is one that the configuration knows', (_name, { environment = {} }) => {
    const known = [...Object.keys(ENVIRONMENT.shape), ...SECRET_VARIABLES.map((name) => `${name}_FILE`), ...OF_OTHERS];
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(parts)('$name: everything that it requires is given, and production refuses nothing of it', async ({ part, container }) => {
    const environment = environmentOf(container);
    const config = readConfig(environment);
    expect(config.NODE_ENV).toBe('production');
    const { databaseUrls } = neededBy(part, config);
    expect(Object.keys(databaseUrls)).toEqual(hostedBy(part));
    if (part === 'api') ensureIssuer(config);
    const keys = await configuredServiceKeys(config.SERVICE_KEYS_FILE!);
    expect(Object.keys(keys.privateKeys)).toEqual(part === 'enrollment' ? [] : [part]);
    expect(Object.keys(keys.publicKeys).length).toBe(7);
    if (calleesOf(part).length + hostedBy(part).length > 0) expect(await rpcTlsOf(config)).toBeDefined();
    await loadSecrets({ ...config, DATA_DIR: join(root, 'data') });
  });

  it.each(parts)('$name: without a variable that it requires it would not start', ({ part, container }) => {
    const environment = environmentOf(container);
    const required = Object.keys(environment).filter((name) => /^(TEMPORAL_ADDRESS|GRPC_URL_|DATABASE_URL_|SMTP_URL)/.test(name));
    expect(required.length).toBeGreaterThan(0);
    for (const name of required) {
      const { [name]: _taken, ...rest } = environment;
      expect(() => neededBy(part, readConfig(rest)), name).toThrow(`needs ${name.replace(/_FILE$/, '')}`);
    }
  });

  it('every process has the keys that all must share, and a service those of its data', () => {
    const shared = ['HASH_KEY_FILE', 'PAYLOAD_KEYS_FILE', 'SERVICE_KEYS_FILE'];
    const ofServices = ['KEY_ENCRYPTION_KEYS_FILE', 'AUDIT_SEAL_KEYS_FILE', 'AUDIT_SEALS_DIR'];
    const has = ({ environment = {} }: Container, wanted: string[]) => wanted.every((name) => environment[name] !== undefined);
    expect(parts.filter(({ container }) => !has(container, shared)).map(({ name }) => name)).toEqual([]);
    expect(parts.filter(({ container }) => has(container, ofServices)).map(({ name }) => name)).toEqual([...SERVICES]);
    expect(ours.filter(([, container]) => has(container, ['INDEX_KEY_FILE'])).map(([name]) => name)).toEqual(['databases', 'patient', 'ops']);
  });

  it.each(parts)('$name: whom it calls is a container of that name, on a network of both, at the port where it listens', ({ part, container }) => {
    const { peers } = readConfig(environmentOf(container));
    expect(Object.keys(peers).toSorted()).toEqual(calleesOf(part).filter((name) => !hostedBy(part).includes(name)).toSorted());
    for (const [callee, url] of Object.entries(peers)) {
      const found = compose.services[callee]!;
      expect(url).toBe(`https://${callee}:${found.environment!['GRPC_PORT']}`);
      expect(found.environment!['GRPC_HOST']).toBe('0.0.0.0');
      expect(container.networks!.filter((network) => found.networks!.includes(network))).not.toEqual([]);
    }
  });

  it.each([
    ['TEMPORAL_ADDRESS', 'temporal', 7233],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'otel-collector', 4318],
    ['SMTP_URL', 'mailpit', 1025],
    ['OIDC_JWKS_URL', 'issuer', 8444],
  ])('%s names a container that the process can reach, at its port', (variable, host, port) => {
    const using = ours.filter(([, { environment = {} }]) => environment[variable] !== undefined);
    expect(using.length).toBeGreaterThan(0);
    for (const [name, { environment, networks = [], profiles }] of using) {
      expect(hostAndPort(environment![variable]!), name).toEqual({ host, port });
      // What operators run for a moment sends no traces.
      if (variable !== 'OTEL_EXPORTER_OTLP_ENDPOINT' || profiles === undefined) expect(networks.filter((network) => compose.services[host]!.networks!.includes(network)), name).not.toEqual([]);
    }
  });

  it('the database of each service is one of its own, at the server of the file', async () => {
    for (const { part, container } of parts.filter(({ part: one }) => hostedBy(one).length > 0)) {
      const { serviceUrls } = readConfig(environmentOf(container));
      expect(serviceUrls).toEqual({ [part]: expect.stringMatching(new RegExp(`^postgres://${part}_service:[0-9a-f]{48}@${POSTGRES_AT}/${part}$`)) });
      expect(container.networks!.filter((network) => compose.services['postgres']!.networks!.includes(network))).toEqual(['data']);
    }
  });

  it('the operators’ commands have the databases, keys and certificates of all services', async () => {
    const config = readConfig(environmentOf(compose.services['ops']!));
    expect(Object.keys(config.serviceUrls)).toEqual([...SERVICES]);
    await loadSecrets({ ...config, DATA_DIR: join(root, 'ops-data') });
    const { privateKeys } = await configuredServiceKeys(config.SERVICE_KEYS_FILE!);
    expect(Object.keys(privateKeys).toSorted()).toEqual(['api', 'ops', ...SERVICES].toSorted());
  });

  it('where people come in is where the proxy, the issuer and the UI are published', () => {
    const published = Object.fromEntries(containers.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port.split(':')[1]] as const)));
    expect({ api: published['proxy'], issuer: published['issuer'], temporalUi: published['temporal-ui'] }).toEqual(Object.fromEntries(Object.entries(PUBLIC).map(([name, url]) => [name, new URL(url).port])));
    const { PUBLIC_URL, OIDC_ISSUER, TEMPORAL_UI_ORIGINS } = compose.services['api-1']!.environment!;
    expect([PUBLIC_URL, new URL(OIDC_ISSUER!).origin, TEMPORAL_UI_ORIGINS]).toEqual([PUBLIC.api, PUBLIC.issuer, PUBLIC.temporalUi]);
    const ui = compose.services['temporal-ui']!.environment!;
    expect(ui).toMatchObject({ TEMPORAL_AUTH_ISSUER_URL: OIDC_ISSUER, TEMPORAL_CODEC_ENDPOINT: `${PUBLIC.api}/codec`, TEMPORAL_AUTH_CALLBACK_URL: `${PUBLIC.temporalUi}/auth/sso/callback`, TEMPORAL_DISABLE_WRITE_ACTIONS: 'true' });
  });
});
