import { join } from 'node:path';
import { SERVICES } from '../db/provision.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../workflows/search-attributes.ts';
import type { Config } from './config.ts';
import { keptPort } from './embedded/free-port.ts';
import { startMailbox } from './embedded/mailbox.ts';
import { startPostgres } from './embedded/postgres.ts';
import { startReadOnlyUi } from './embedded/read-only-ui.ts';
import { startTemporal } from './embedded/temporal.ts';
import { configuredTemporal, embeddedTemporalFile } from './installation-temporal.ts';
import { settingsOf } from './settings.ts';
import type { TemporalSettings } from './temporal-client.ts';

/** What the system stands on: embedded servers, or the ones that the configuration names. */
export type Infrastructure = {
  adminUrl: string | undefined;
  temporal: TemporalSettings & { uiUrl: string | undefined };
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
  const own: Own = (name, server) => {
    stops.push(() => server.stop());
    void server.exited?.then(() => stopping || lost.resolve(name));
    return server;
  };
  const stop = async () => {
    stopping = true;
    await Promise.all(stops.map((end) => end()));
  };
  const results = await Promise.allSettled([
    adminUrlOf(config, own),
    temporalOf(config, own),
    smtpUrlOf(config, own),
  ]);
  const [adminUrl, temporal, smtpUrl] = results;
  if (adminUrl.status === 'fulfilled' && temporal.status === 'fulfilled' && smtpUrl.status === 'fulfilled') {
    return { adminUrl: adminUrl.value, temporal: temporal.value, smtpUrl: smtpUrl.value, lost: lost.promise, stop };
  }
  await stop();
  throw results.find((result) => result.status === 'rejected')?.reason;
}

type Own = <S extends { stop(): Promise<void>; exited?: Promise<void> }>(name: string, server: S) => S;

async function adminUrlOf(config: Config, own: Own): Promise<string | undefined> {
  if (config.DATABASE_URL !== undefined) return config.DATABASE_URL;
  if (SERVICES.every((name) => config.serviceUrls[name] !== undefined)) return undefined;
  const dataDir = join(config.DATA_DIR, 'postgres');
  return own('PostgreSQL', await startPostgres({ dataDir, log: join(config.DATA_DIR, 'log', 'postgres.log') })).url;
}

async function temporalOf(config: Config, own: Own): Promise<Infrastructure['temporal']> {
  if (config.TEMPORAL_ADDRESS !== undefined) return { ...configuredTemporal(), uiUrl: undefined };
  const readOnly = config.NODE_ENV === 'production';
  const { address, uiUrl } = own(
    'Temporal',
    await startTemporal({
      dbFile: embeddedTemporalFile(config.DATA_DIR),
      uiPort: readOnly ? await keptPort() : config.TEMPORAL_UI_PORT,
      codecEndpoint: `${settingsOf(config).publicUrl}/codec`,
      searchAttributes: REQUIRED_SEARCH_ATTRIBUTES,
      log: join(config.DATA_DIR, 'log', 'temporal.log'),
    }),
  );
  const shown = readOnly && uiUrl !== undefined ? own('Temporal UI', await startReadOnlyUi({ port: config.TEMPORAL_UI_PORT, uiUrl })).url : uiUrl;
  return { connection: { address }, namespace: 'default', uiUrl: shown };
}

async function smtpUrlOf(config: Config, own: Own): Promise<string> {
  return config.SMTP_URL ?? own('mailbox', await startMailbox({ dir: join(config.DATA_DIR, 'mailbox') })).smtpUrl;
}
