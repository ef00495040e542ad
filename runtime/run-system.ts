import type { Config } from './config.ts';
import { demonstrate } from './demo/demonstrate.ts';
import { portTaken } from './embedded/preconditions.ts';
import { endOn, lostServer, lostWorker, stopAll } from './end-on.ts';
import type { Infrastructure } from './infrastructure.ts';
import { keyFiles, loadSecrets } from './keys.ts';
import { prepareDatabases } from './provision.ts';
import { loadServiceKeys } from './rpc/keys.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { mailOf, settingsOf } from './settings.ts';
import { startSplitSystem } from './split-system.ts';
import { startSystem } from './system.ts';
import { startLogAndTraces } from './telemetry/of-config.ts';
import { tokenIssuerOf } from './token-issuer.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

export type Run = { config: Config; infrastructure: Infrastructure; withCohort: boolean; release: () => void };

/** Brings the databases up to date, starts everything in this process, says `ready`; `release` is called when it has ended. */
export async function runSystem({ config, infrastructure, withCohort, release }: Run): Promise<void> {
  const { log, telemetry } = startLogAndTraces(config, 'all');
  const secrets = await loadSecrets(config);
  const [databaseUrls, workflowBundlePath, issuer] = await Promise.all([
    prepareDatabases({ adminUrl: infrastructure.adminUrl, serviceUrls: config.serviceUrls, ownerUrls: config.ownerUrls, secrets }),
    buildWorkflowBundle(),
    tokenIssuerOf(config, log),
    ensureSearchAttributes(infrastructure.temporal),
  ]);
  const system = await startSystem({
    ...settingsOf(config),
    databaseUrls,
    secrets,
    serviceKeys: await loadServiceKeys({ ...config, file: keyFiles(config.DATA_DIR).services }),
    temporal: infrastructure.temporal,
    workflowBundlePath,
    mail: mailOf(config, infrastructure.smtpUrl),
    auth: issuer,
    deployment: { buildId: config.BUILD_ID, promote: config.DEPLOY_PROMOTE ?? 'auto' },
    log,
    telemetry,
  }).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).syscall === 'listen' ? portTaken({ port: config.PORT, name: 'PORT', cause: error }) : error;
  });
  endOn({
    stop: () => stopAll(system, { infrastructure, release }),
    losses: [lostServer(infrastructure.lost), lostWorker(system.workers.finished)],
  });
  await demonstrate(config, { temporal: infrastructure.temporal, withCohort });
}

/** The same with each part of the system in a process of its own. */
export async function runSplit({ config, infrastructure, withCohort, release }: Run): Promise<void> {
  const system = await startSplitSystem({ config, infrastructure });
  endOn({
    stop: () => stopAll(system, { infrastructure, release }),
    losses: [lostServer(infrastructure.lost), system.lost.then((part) => `${part} ends again and again; its own messages stand above.`)],
  });
  await demonstrate(config, { temporal: infrastructure.temporal, withCohort });
}
