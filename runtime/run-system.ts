import { createDevIssuer } from '../api/auth/dev-issuer.ts';
import type { Config } from './config.ts';
import { enrolDemonstration, welcome } from './demo/demonstrate.ts';
import { portTaken } from './embedded/preconditions.ts';
import { endOn } from './end-on.ts';
import type { Infrastructure } from './infrastructure.ts';
import { keyFiles, loadHashKey } from './keys.ts';
import { createLog, installTemporalLog } from './logging.ts';
import { prepareDatabases } from './provision.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { mailOf, settingsOf } from './settings.ts';
import { startSystem } from './system.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

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
  const settings = settingsOf(config);
  const system = await startSystem({
    ...settings,
    databaseUrls,
    hashKey,
    temporal: infrastructure.temporal,
    workflowBundlePath,
    mail: mailOf(config, infrastructure.smtpUrl),
    auth: issuer,
    log,
  }).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).syscall === 'listen' ? portTaken({ port: config.PORT, name: 'PORT', cause: error }) : error;
  });
  endOn(system, { infrastructure, release });
  const url = `http://127.0.0.1:${config.PORT}`;
  console.log(`ready ${url}`);
  if (withCohort) await enrolDemonstration(config, url);
  await welcome(config, { url, uiUrl: infrastructure.temporal.uiUrl });
}
