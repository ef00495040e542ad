import type { AuthenticatedUser } from '../../api/auth/token.ts';
import { type AssertionSigner, assertionSigner } from '../../services/common/index.ts';
import { createDevIssuer, type DevIssuer } from '../dev-issuer.ts';
import { type Config, readConfig } from '../config.ts';
import { keptPort } from '../embedded/free-port.ts';
import { type Infrastructure, startInfrastructure } from '../infrastructure.ts';
import { keyFiles, loadSecrets, type Secrets } from '../keys.ts';
import { startLogAndTraces } from '../telemetry/of-config.ts';
import { prepareDatabases } from '../provision.ts';
import { loadServiceKeys } from '../rpc/keys.ts';
import { mailOf, settingsOf } from '../settings.ts';
import { startSystem, type System } from '../system.ts';
import { buildWorkflowBundle } from '../workflow-bundle.ts';

export type BenchSystem = {
  system: System;
  issuer: DevIssuer;
  secrets: Secrets;
  infrastructure: Infrastructure;
  config: Config;
  adminUrl: string;
  temporalAddress: string;
  /** Signs what a person asks for, as the API does. */
  assert: AssertionSigner;
  token(user: Partial<AuthenticatedUser> & Pick<AuthenticatedUser, 'role'>): Promise<string>;
  stop(): Promise<void>;
};

type Without = {
  /** After the migrations. */
  onDatabase?: (adminUrl: string) => Promise<void>;
  /** Variables of the configuration that are other than those of `npm start`. */
  environment?: Record<string, string>;
  /** The trails are not sealed. */
  unsealed?: boolean;
};

/**
 * The system as `npm start` runs it, in this process, on embedded servers of its own with the production settings;
 * `without` is for the side that everything else is compared with.
 */
export async function startBenchSystem(dir: string, without: Without = {}): Promise<BenchSystem> {
  const [port, uiPort] = [await keptPort(), await keptPort()];
  const config = readConfig({ LOG_LEVEL: 'error', TRACE_SAMPLE_RATIO: '0.1', ...without.environment, DATA_DIR: dir, PORT: String(port), TEMPORAL_UI_PORT: String(uiPort) });
  const { log, telemetry } = startLogAndTraces(config, 'all');
  const infrastructure = await startInfrastructure(config);
  const { adminUrl, temporal, smtpUrl } = infrastructure;
  const files = keyFiles(dir);
  const secrets = await loadSecrets(config);
  const issuer = await createDevIssuer({ keyFile: files.issuer });
  const serviceKeys = await loadServiceKeys({ file: files.services });
  const databaseUrls = await prepareDatabases({ adminUrl, serviceUrls: {}, ownerUrls: {}, secrets });
  await without.onDatabase?.(adminUrl ?? '');
  const { seals, ...settings } = settingsOf(config);
  const system = await startSystem({
    ...settings,
    ...(without.unsealed ? {} : { seals }),
    databaseUrls,
    secrets,
    serviceKeys,
    temporal,
    workflowBundlePath: await buildWorkflowBundle(),
    mail: mailOf(config, smtpUrl),
    auth: issuer,
    log,
    telemetry,
  });
  return {
    system,
    issuer,
    secrets,
    infrastructure,
    config,
    adminUrl: adminUrl ?? '',
    temporalAddress: temporal.connection.address ?? '',
    assert: assertionSigner({ privateKey: serviceKeys.privateKeys.api!, hashKey: secrets.hashKey, clock: () => new Date() }),
    token: (user) => issuer.sign({ id: `bench-${user.role}`, name: `Bench ${user.role}`, sites: [], studies: [], ...user }),
    stop: async () => {
      await system.stop();
      await infrastructure.stop();
    },
  };
}
