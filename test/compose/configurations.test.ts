// Real: promtool and caddy on the files as they are, with the paths of this checkout; the scripts of the health checks
// against servers that answer. The collector, Keycloak, Grafana and Temporal themselves are not run here.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROLES } from '../../services/common/index.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { authorityIn, certify } from '../../runtime/compose/certificates.ts';
import { CERTIFIED } from '../../runtime/compose/roster.ts';
import { readConfig } from '../../runtime/config.ts';
import { SEARCHABLE } from '../../runtime/embedded/temporal.ts';
import { compose, hostAndPort, mountsOf, partOf, read, ROOT } from './compose-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'trial-enrollment-configurations-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a checker says; a missing one is a failure that says how to get it. */
function checked(program: string, args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 });
  const packages: Record<string, string> = { promtool: 'prometheus', caddy: 'caddy' };
  if (error) throw new Error(`${program} is needed: apt-get install -y --no-install-recommends ${packages[program]}`, { cause: error });
  return { status, output: `${stdout}${stderr}` };
}

/** Do both have a network in common? */
const meet = (one: string, other: string) => compose.services[one]!.networks!.some((network) => compose.services[other]?.networks?.includes(network));

describe('ops/prometheus/prometheus.yml', () => {
  const text = read('ops/prometheus/prometheus.yml');
  const { scrape_configs: jobs, rule_files: rules } = parse(text, { merge: true }) as { rule_files: string[]; scrape_configs: { job_name: string; metrics_path?: string; static_configs: { targets: string[]; labels?: { part?: string } }[] }[] };

  it('passes promtool, with its rules', () => {
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, text.replaceAll('/etc/prometheus/rules', join(ROOT, 'ops/prometheus/rules')));
    const { status, output } = checked('promtool', ['check', 'config', file]);
    expect(status, output).toBe(0);
    expect(output).toMatch(/\d+ rules found/);
  });

  it('finds its rules where the container has them', () => {
    const mounted = mountsOf(compose.services['prometheus']!);
    for (const rule of rules) {
      const mount = mounted.find(({ target }) => rule.startsWith(`${target}/`));
      expect(mount?.source).toBe('./ops/prometheus/rules');
    }
    expect(mounted.find(({ target }) => target === '/etc/prometheus/prometheus.yml')?.source).toBe('./ops/prometheus/prometheus.yml');
  });

  it('asks every process of the application, at both paths, as the part that it is', () => {
    const processes = Object.entries(compose.services).flatMap(([name, container]) => (partOf(container) ? [{ target: `${name}:${container.environment!['PORT']}`, part: partOf(container) }] : []));
    for (const path of ['/metrics', '/metrics/temporal']) {
      const job = jobs.find(({ metrics_path: at }) => at === path)!;
      const asked = job.static_configs.flatMap(({ targets, labels }) => targets.map((target) => ({ target, part: labels?.part })));
      expect(asked.toSorted((a, b) => a.target.localeCompare(b.target))).toEqual(processes.toSorted((a, b) => a.target.localeCompare(b.target)));
    }
  });

  it('asks nobody who is not there', () => {
    const targets = jobs.flatMap(({ static_configs: all }) => all.flatMap(({ targets: some }) => some)).filter((target) => target !== '127.0.0.1:9090');
    expect(targets.filter((target) => !meet('prometheus', hostAndPort(target).host))).toEqual([]);
    expect(targets.find((target) => target.startsWith('temporal:'))).toBe(compose.services['temporal']!.environment!['PROMETHEUS_ENDPOINT']!.replace('0.0.0.0', 'temporal'));
  });
});

describe('ops/collector/config.yaml', () => {
  type Components = Record<string, Record<string, unknown> | null>;
  const config = parse(read('ops/collector/config.yaml')) as {
    receivers: { otlp: { protocols: { http: { endpoint: string } } } };
    processors: Components & { tail_sampling: { policies: { name: string; type: string; status_code?: { status_codes: string[] }; probabilistic?: { sampling_percentage: number } }[] } };
    exporters: Components & { otlp_http: { endpoint: string } };
    extensions: Components & { health_check: { endpoint: string } };
    service: { extensions: string[]; pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }>; telemetry: { metrics: { readers: { pull: { exporter: { prometheus: { port: number } } } }[] } } };
  };

  it('defines what its pipelines use, and uses what it defines', () => {
    const { pipelines, extensions } = config.service;
    for (const kind of ['receivers', 'processors', 'exporters'] as const) {
      expect(new Set(Object.values(pipelines).flatMap((pipeline) => pipeline[kind])), kind).toEqual(new Set(Object.keys(config[kind])));
    }
    expect(extensions).toEqual(Object.keys(config.extensions));
    // The guard of its memory before, and the packing after what decides.
    expect(pipelines['traces']?.processors).toEqual(['memory_limiter', 'tail_sampling', 'batch']);
  });

  it('keeps every trace with an error, and a tenth of the rest', () => {
    const policies = config.processors.tail_sampling.policies.map(({ name: _name, ...policy }) => policy);
    expect(policies).toEqual([
      { type: 'status_code', status_code: { status_codes: ['ERROR'] } },
      { type: 'probabilistic', probabilistic: { sampling_percentage: 10 } },
    ]);
  });

  it('listens where the processes send to, is asked where it answers, and sends to where Jaeger is', () => {
    const sent = hostAndPort(compose.services['study']!.environment!['OTEL_EXPORTER_OTLP_ENDPOINT']!);
    expect(config.receivers.otlp.protocols.http.endpoint).toBe(`0.0.0.0:${sent.port}`);
    expect(compose.services['study']!.environment!['TRACE_SAMPLE_RATIO']).toBe('1');
    expect(compose.services['otel-collector']!.healthcheck!.test.at(-1)).toBe(`http://${config.extensions.health_check.endpoint}/`);
    expect(hostAndPort(config.exporters.otlp_http.endpoint)).toEqual({ host: 'jaeger', port: 4318 });
    expect(meet('otel-collector', 'jaeger')).toBe(true);
    const port = config.service.telemetry.metrics.readers[0]?.pull.exporter.prometheus.port;
    expect(read('ops/prometheus/prometheus.yml')).toContain(`otel-collector:${port}`);
  });
});

describe('ops/caddy/Caddyfile', () => {
  const text = read('ops/caddy/Caddyfile');

  it('passes caddy', async () => {
    await certify(folder, { authority: await authorityIn(join(folder, 'authority')), names: CERTIFIED['proxy']! });
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, text.replaceAll('/run/own', folder));
    const { status, output } = checked('caddy', ['validate', '--config', file, '--adapter', 'caddyfile']);
    expect(status, output).toBe(0);
  });

  it('sends to both processes of the API, where they listen, and shows people no metrics', () => {
    const upstreams = /reverse_proxy ([^{]+)\{/.exec(text)?.[1]?.trim().split(' ');
    expect(upstreams).toEqual(['api-1', 'api-2'].map((name) => `${name}:${compose.services[name]!.environment!['PORT']}`));
    expect(meet('proxy', 'api-1')).toBe(true);
    expect(text).toContain('@inside path /metrics /metrics/* /debug/*');
    expect(compose.services['api-1']!.environment!['TRUSTED_PROXIES']).toBe('1');
    const [, published] = compose.services['proxy']!.ports![0]!.split(':').slice(1);
    expect(text).toContain(`https://:${published} {`);
  });
});

describe('ops/keycloak/realm.json', () => {
  const realm = JSON.parse(read('ops/keycloak/realm.json')) as {
    realm: string;
    roles: { realm: { name: string }[] };
    users: { id: string; realmRoles: string[]; attributes: Record<string, string[]> }[];
    clients: { clientId: string; redirectUris: string[]; publicClient: boolean; defaultClientScopes: string[]; protocolMappers: { protocolMapper: string; config: Record<string, string> }[] }[];
  };

  it('has the roles of the policy, and one person of each to try it with', () => {
    expect(realm.roles.realm.map(({ name }) => name).toSorted()).toEqual([...ROLES].toSorted());
    expect(realm.users.map(({ realmRoles }) => realmRoles).toSorted()).toEqual(ROLES.map((role) => [role]).toSorted());
  });

  it('puts into access tokens what the API reads of them', () => {
    const { OIDC_AUDIENCE, OIDC_ROLES_CLAIM } = readConfig({});
    for (const { clientId, protocolMappers, defaultClientScopes } of realm.clients) {
      const claims = protocolMappers.filter(({ config }) => config['access.token.claim'] === 'true').map(({ config }) => config['claim.name'] ?? config['included.custom.audience']);
      expect(claims, clientId).toEqual([OIDC_ROLES_CLAIM, 'sites', 'studies', 'patient', OIDC_AUDIENCE]);
      // `sub` and `auth_time`; `name`; `acr`.
      expect(defaultClientScopes).toEqual(['basic', 'profile', 'acr']);
    }
    expect(new URL(compose.services['api-1']!.environment!['OIDC_ISSUER']!).pathname).toBe(`/realms/${realm.realm}`);
  });

  it('lets nobody change what they may see: sites, studies and record are set by administrators', () => {
    const { components } = JSON.parse(read('ops/keycloak/realm.json')) as { components: Record<string, { config: Record<string, string[]> }[]> };
    const profile = JSON.parse(components['org.keycloak.userprofile.UserProfileProvider']![0]!.config['kc.user.profile.config']![0]!) as { unmanagedAttributePolicy?: string; attributes: { name: string; permissions: { edit: string[] } }[] };
    expect(profile.unmanagedAttributePolicy).toBeUndefined();
    expect(profile.attributes.filter(({ permissions }) => permissions.edit.join() !== 'admin')).toEqual([]);
    expect(profile.attributes.map(({ name }) => name)).toEqual(expect.arrayContaining(['sites', 'studies', 'patient']));
  });

  it('lets the Temporal UI’s login return to where the UI is', () => {
    const ui = realm.clients.find(({ clientId }) => clientId === compose.services['temporal-ui']!.environment!['TEMPORAL_AUTH_CLIENT_ID']);
    expect(ui).toMatchObject({ publicClient: false, redirectUris: [compose.services['temporal-ui']!.environment!['TEMPORAL_AUTH_CALLBACK_URL']] });
  });
});

describe('what Temporal and Grafana are given', () => {
  it('the dynamic configuration has what the look for stuck runs needs, as the embedded server has it', () => {
    const dynamic = parse(read('ops/temporal/dynamic-config.yaml')) as Record<string, { value: unknown }[]>;
    for (const setting of SEARCHABLE) {
      const [name, value] = setting.split('=') as [string, string];
      expect(dynamic[name]).toEqual([{ value: JSON.parse(value) }]);
    }
    const { environment } = compose.services['temporal']!;
    expect(mountsOf(compose.services['temporal']!).find(({ target }) => target === environment!['DYNAMIC_CONFIG_FILE_PATH'])?.source).toBe('./ops/temporal/dynamic-config.yaml');
  });

  it('data sources are containers that Grafana reaches, under the ids that the dashboards name', () => {
    const { datasources } = parse(read('ops/grafana/provisioning/datasources/datasources.yaml')) as { datasources: { uid: string; url: string; jsonData?: { exemplarTraceIdDestinations?: { datasourceUid: string }[] } }[] };
    expect(datasources.map(({ uid, url }) => [uid, hostAndPort(url)])).toEqual([['prometheus', { host: 'prometheus', port: 9090 }], ['jaeger', { host: 'jaeger', port: 16_686 }]]);
    for (const { url } of datasources) expect(meet('grafana', hostAndPort(url).host)).toBe(true);
    expect(datasources[0]?.jsonData?.exemplarTraceIdDestinations?.[0]?.datasourceUid).toBe('jaeger');
  });

  it('dashboards are where the provider looks for them', () => {
    const { providers } = parse(read('ops/grafana/provisioning/dashboards/dashboards.yaml')) as { providers: { options: { path: string } }[] };
    const mount = mountsOf(compose.services['grafana']!).find(({ target }) => target === providers[0]?.options.path);
    expect(readdirSync(join(ROOT, mount!.source)).filter((name) => name.endsWith('.json')).length).toBeGreaterThan(0);
  });
});

describe('docs/deploy.md', () => {
  it('has the search attributes as the workflows set them', () => {
    const named = [...read('docs/deploy.md').matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => [name, type]);
    expect(named).toEqual(Object.entries(REQUIRED_SEARCH_ATTRIBUTES));
  });

  it('names only variables of Temporal’s that its client reads', () => {
    const client = readFileSync(createRequire(import.meta.url).resolve('@temporalio/envconfig/lib/envconfig-toml.js'), 'utf8');
    const named = new Set([...read('docs/deploy.md').matchAll(/`(TEMPORAL_(?:ADDRESS|NAMESPACE|API_KEY|TLS\w*))`/g)].map(([, name]) => name!));
    expect([...named].filter((name) => !client.includes(`'${name}'`))).toEqual([]);
    expect(named.size).toBe(8);
  });

  it('tells every published port', () => {
    const ports = Object.values(compose.services).flatMap(({ ports: some = [] }) => some.map((port) => port.split(':')[1]!));
    expect(ports.filter((port) => !read('docs/deploy.md').includes(`:${port}`))).toEqual([]);
  });
});

describe('the health checks', () => {
  let status = 200;
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/readyz' || request.url === '/health/ready' ? status : 404).end('{}');
  });
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = () => String((server.address() as AddressInfo).port);
  // Not waited for in one go: the server that answers is in this process.
  const exitOf = async (command: string, args: string[], env: Record<string, string>) => {
    const child = spawn(command, args, { cwd: ROOT, env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };

  it.each([[200, 0], [503, 1]])('of the application: an answer of %i is exit code %i', async (answer, code) => {
    status = answer;
    const [program, ...args] = compose.services['study']!.healthcheck!.test.slice(1);
    expect(program).toBe('node');
    expect(args.every((file) => existsSync(join(ROOT, file)))).toBe(true);
    expect(await exitOf(process.execPath, args, { PORT: port() })).toBe(code);
  });

  it('of the application: no answer at all is exit code 1', async () => {
    expect(await exitOf(process.execPath, ['runtime/compose/healthcheck.ts'], { PORT: '1' })).toBe(1);
  });

  it('of the image is the same as in the file', () => {
    const inImage = /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(read('Dockerfile'))?.[1];
    expect(JSON.parse(inImage!)).toEqual(compose.services['study']!.healthcheck!.test.slice(1));
  });

  it.each([[200, 0], [503, 1]])('of the token issuer, which is bash alone: an answer of %i is exit code %i', async (answer, code) => {
    status = answer;
    const script = join(folder, 'start.sh');
    writeFileSync(script, read('ops/keycloak/start.sh').replace('/dev/tcp/127.0.0.1/9000', `/dev/tcp/127.0.0.1/${port()}`));
    expect(await exitOf('bash', [script, '--health'], {})).toBe(code);
  });
});
