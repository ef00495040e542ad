import { parseArgs } from 'node:util';
import { createDevIssuer } from '../api/auth/dev-issuer.ts';
import { type Config, readConfig } from './config.ts';
import { enrolCohort, isEmpty } from './demo/cohort.ts';
import { printWelcome } from './demo/welcome.ts';
import { lockInstance } from './embedded/instance-lock.ts';
import { ensurePortFree, ensureWritable } from './embedded/preconditions.ts';
import { StartupError } from './embedded/startup-error.ts';
import { type Infrastructure, startInfrastructure } from './infrastructure.ts';
import { keyFiles, loadHashKey } from './keys.ts';
import { createLog, installTemporalLog } from './logging.ts';
import { prepareDatabases } from './provision.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { startSystem, type System } from './system.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

/** After SIGTERM the process is gone within 10 s, whatever hangs. */
const STOP_WITHIN_MS = 9500;

try {
  await main();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`trial-enrollment: ${error.message}`);
  process.exit(1);
}

async function main(): Promise<void> {
  const flags = readFlags();
  const config = readConfig();
  if (config.NODE_ENV === 'production') {
    const message = 'The embedded token issuer is for development and does not run with NODE_ENV=production; an OIDC issuer can\'t be configured yet.';
    throw new StartupError({ code: 'no_token_issuer', message });
  }
  ensureWritable(config.DATA_DIR);
  const lock = lockInstance(config.DATA_DIR);
  try {
    await ensurePortFree({ port: config.PORT, name: 'PORT' });
    if (config.TEMPORAL_ADDRESS === undefined) await ensurePortFree({ port: config.TEMPORAL_UI_PORT, name: 'TEMPORAL_UI_PORT' });
    const infrastructure = await startInfrastructure(config);
    try {
      await runSystem({ config, infrastructure, withCohort: !flags.empty, release: () => lock.release() });
    } catch (error) {
      await infrastructure.stop();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function readFlags(): { empty: boolean } {
  try {
    return parseArgs({ options: { empty: { type: 'boolean', default: false } } }).values;
  } catch (cause) {
    // Of several lines; the first names the argument.
    const [reason = ''] = (cause as Error).message.split(/[.\n]/);
    throw new StartupError({ code: 'bad_configuration', message: `${reason}. The only one is --empty: without the demonstration cohort.`, cause });
  }
}

type Run = { config: Config; infrastructure: Infrastructure; withCohort: boolean; release: () => void };

async function runSystem({ config, infrastructure, withCohort, release }: Run): Promise<void> {
  const log = createLog(config.LOG_LEVEL);
  installTemporalLog(log);
  const files = keyFiles(config.DATA_DIR);
  const hashKey = await loadHashKey({ configured: config.HASH_KEY, file: files.hashKey });
  const [databaseUrls, workflowBundlePath, issuer] = await Promise.all([
    prepareDatabases({ adminUrl: infrastructure.adminUrl, serviceUrls: config.serviceUrls, hashKey }),
    buildWorkflowBundle(),
    createDevIssuer({ keyFile: files.issuer }),
    ensureSearchAttributes(infrastructure.temporal),
  ]);
  const publicUrl = `http://127.0.0.1:${config.PORT}`;
  const system = await startSystem({
    databaseUrls,
    databaseTimeoutMs: config.DATABASE_TIMEOUT_MS,
    hashKey,
    opsEmail: config.OPS_EMAIL,
    callDeadlineMs: config.CALL_DEADLINE_MS,
    edgeDeadlineMs: config.EDGE_DEADLINE_MS,
    temporal: infrastructure.temporal,
    workflowBundlePath,
    mail: { smtpUrl: infrastructure.smtpUrl, from: config.MAIL_FROM, timeoutMs: config.MAIL_TIMEOUT_MS },
    auth: issuer,
    timing: config.timing,
    publicUrl,
    listen: { host: config.HOST, port: config.PORT },
    log,
  });
  endOn(system, infrastructure, release);
  console.log(`ready ${publicUrl}`);
  if (withCohort) await enrolDemonstration({ url: publicUrl, issuer });
  await printWelcome({ url: publicUrl, uiUrl: infrastructure.temporal.uiUrl, issuer });
}

/** On an empty database only. A demonstration that fails is said so, and doesn't take the system down with it. */
async function enrolDemonstration(at: Parameters<typeof enrolCohort>[0]): Promise<void> {
  try {
    if (await isEmpty(at)) console.log(`cohort enrolled: ${await enrolCohort(at)}`);
  } catch (error) {
    console.error(`trial-enrollment: the demonstration cohort was not enrolled (${error instanceof Error ? error.message : 'unknown'}).`);
  }
}

/** Drains and exits 0 on SIGTERM or SIGINT; exits 1 when a worker or an embedded server is lost. */
function endOn(system: System, infrastructure: Infrastructure, release: () => void): void {
  let ending = false;
  const end = async (exitCode: number) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(exitCode || 1), STOP_WITHIN_MS).unref();
    try {
      await system.stop();
    } finally {
      await infrastructure.stop();
      release();
    }
    process.exit(exitCode);
  };
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  void infrastructure.lost.then((name) => {
    console.error(`trial-enrollment: the embedded ${name} has ended; start again, nothing that was recorded is lost.`);
    return end(1);
  });
  system.workers.finished.catch((error: unknown) => {
    if (!ending) console.error(`trial-enrollment: a worker has ended (${error instanceof Error ? error.name : 'unknown'}); start again.`);
    void end(1);
  });
}
