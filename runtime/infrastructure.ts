import { join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../workflows/search-attributes.ts';
import type { Config } from './config.ts';
import { startMailbox } from './embedded/mailbox.ts';
import { startPostgres } from './embedded/postgres.ts';
import { startTemporal } from './embedded/temporal.ts';

/** What the system stands on: embedded servers, or the ones that the configuration names. */
export type Infrastructure = {
  adminUrl: string | undefined;
  temporal: { connection: ConnectionOptions; namespace: string; uiUrl: string | undefined };
  smtpUrl: string;
  /** Settles when an embedded server ends without having been asked to. */
  lost: Promise<string>;
  stop(): Promise<void>;
};

/** Starts the embedded servers that the configuration doesn't replace, side by side; stops all when one fails to start. */
export async function startInfrastructure(config: Config): Promise<Infrastructure> {
  const stops: (() => Promise<void>)[] = [];
  const lost = Promise.withResolvers<string>();
  let stopping = false;
  const own = <S extends { stop(): Promise<void>; exited?: Promise<void> }>(name: string, server: S): S => {
    stops.push(() => server.stop());
    void server.exited?.then(() => stopping || lost.resolve(name));
    return server;
  };
  const stop = async () => {
    stopping = true;
    await Promise.all(stops.map((end) => end()));
  };
  const everyServiceHasUrl = Object.keys(config.serviceUrls).length === 5;
  const results = await Promise.allSettled([
    config.DATABASE_URL ?? (everyServiceHasUrl ? undefined : embeddedPostgres(config).then((server) => own('PostgreSQL', server).url)),
    config.TEMPORAL_ADDRESS === undefined
      ? embeddedTemporal(config).then((server) => own('Temporal', server)).then(({ address, uiUrl }) => ({ connection: { address }, namespace: 'default', uiUrl }))
      : configuredTemporal(),
    config.SMTP_URL ?? startMailbox({ dir: join(config.DATA_DIR, 'mailbox') }).then((box) => own('mailbox', box).smtpUrl),
  ] as const);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const [adminUrl, temporal, smtpUrl] = results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as [
    string | undefined,
    Infrastructure['temporal'],
    string,
  ];
  return { adminUrl, temporal, smtpUrl, lost: lost.promise, stop };
}

function embeddedPostgres(config: Config) {
  return startPostgres({ dataDir: join(config.DATA_DIR, 'postgres'), log: join(config.DATA_DIR, 'log', 'postgres.log') });
}

function embeddedTemporal(config: Config) {
  return startTemporal({
    dbFile: join(config.DATA_DIR, 'temporal', 'temporal.db'),
    uiPort: config.TEMPORAL_UI_PORT,
    searchAttributes: REQUIRED_SEARCH_ATTRIBUTES,
    log: join(config.DATA_DIR, 'log', 'temporal.log'),
  });
}

async function configuredTemporal(): Promise<Infrastructure['temporal']> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { connection: connectionOptions, namespace: namespace ?? 'default', uiUrl: undefined };
}
