import { createDevIssuer } from '../api/auth/dev-issuer.ts';
import type { Config } from './config.ts';
import { enrolCohort, isEmpty } from './demo/cohort.ts';
import { printWelcome } from './demo/welcome.ts';
import { portTaken } from './embedded/preconditions.ts';
import type { Infrastructure } from './infrastructure.ts';
import { keyFiles, loadHashKey } from './keys.ts';
import { createLog, installTemporalLog } from './logging.ts';
import { prepareDatabases } from './provision.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { startSystem, type System } from './system.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

/** After SIGTERM the process is gone within 10 s, whatever hangs. */
const STOP_WITHIN_MS = 9500;

type Run = { config: Config; infrastructure: Infrastructure; withCohort: boolean; release: () => void };

/** Brings the databases up to date, starts everything, says `ready`; `release` is called when it has ended. */
export async function runSystem({ config, infrastructure, withCohort, release }: Run): Promise<void> {
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
    maxAuthAgeS: config.REAUTHENTICATION_MAX_AGE_S,
    codeBreakSweepMs: config.CODE_BREAK_SWEEP_MS,
    publicUrl,
    listen: { host: config.HOST, port: config.PORT },
    log,
  }).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).syscall === 'listen' ? portTaken({ port: config.PORT, name: 'PORT', cause: error }) : error;
  });
  endOn(system, infrastructure, release);
  console.log(`ready ${publicUrl}`);
  if (withCohort) await enrolDemonstration({ url: publicUrl, issuer });
  await printWelcome({ url: publicUrl, uiUrl: infrastructure.temporal.uiUrl, issuer, dataDir: config.DATA_DIR });
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
