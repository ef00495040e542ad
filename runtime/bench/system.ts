import { type AuthenticatedUser } from '../../api/auth/token.ts';
import { createDevIssuer, type DevIssuer } from '../dev-issuer.ts';
import { readConfig } from '../config.ts';
import { keptPort } from '../embedded/free-port.ts';
import { type Infrastructure, startInfrastructure } from '../infrastructure.ts';
import { keyFiles, loadSecrets, type Secrets } from '../keys.ts';
import { createLog, installTemporalLog } from '../logging.ts';
import { prepareDatabases } from '../provision.ts';
import { loadServiceKeys } from '../rpc/keys.ts';
import { startSystem, type System } from '../system.ts';
import { buildWorkflowBundle } from '../workflow-bundle.ts';

export type BenchSystem = {
  system: System;
  issuer: DevIssuer;
  secrets: Secrets;
  infrastructure: Infrastructure;
  adminUrl: string;
  temporalAddress: string;
  token(user: Partial<AuthenticatedUser> & Pick<AuthenticatedUser, 'role'>): Promise<string>;
  stop(): Promise<void>;
};

/** The system as `npm start` runs it, in this process, on embedded servers of its own with the production settings. */
export async function startBenchSystem(dir: string): Promise<BenchSystem> {
  const [port, uiPort] = [await keptPort(), await keptPort()];
  const config = readConfig({ DATA_DIR: dir, PORT: String(port), TEMPORAL_UI_PORT: String(uiPort), LOG_LEVEL: 'error' });
  const log = createLog(config.LOG_LEVEL);
  installTemporalLog(log);
  const infrastructure = await startInfrastructure(config);
  const { adminUrl, temporal, smtpUrl } = infrastructure;
  const files = keyFiles(dir);
  const secrets = await loadSecrets(config);
  const issuer = await createDevIssuer({ keyFile: files.issuer });
  const system = await startSystem({
    databaseUrls: await prepareDatabases({ adminUrl, serviceUrls: {}, ownerUrls: {}, secrets }),
    databaseTimeoutMs: config.DATABASE_TIMEOUT_MS,
    secrets,
    serviceKeys: await loadServiceKeys({ file: files.services }),
    opsEmail: config.OPS_EMAIL,
    callDeadlineMs: config.CALL_DEADLINE_MS,
    edgeDeadlineMs: config.EDGE_DEADLINE_MS,
    temporal,
    workflowBundlePath: await buildWorkflowBundle(),
    mail: { smtpUrl, from: config.MAIL_FROM, timeoutMs: config.MAIL_TIMEOUT_MS },
    auth: issuer,
    timing: config.timing,
    publicUrl: `http://127.0.0.1:${port}`,
    listen: { host: config.HOST, port: config.PORT },
    log,
  });
  return {
    system,
    issuer,
    secrets,
    infrastructure,
    adminUrl: adminUrl ?? '',
    temporalAddress: temporal.connection.address ?? '',
    token: (user) => issuer.sign({ id: `bench-${user.role}`, name: `Bench ${user.role}`, sites: [], studies: [], ...user }),
    stop: async () => {
      await system.stop();
      await infrastructure.stop();
    },
  };
}
