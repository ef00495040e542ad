import { join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from './config.ts';
import { StartupError } from './embedded/startup-error.ts';
import { withSecretFiles } from './secret-files.ts';
import { NAMESPACE } from './embedded/temporal-ready.ts';
import { rememberedAddress } from './embedded/temporal-takeover.ts';
import type { TemporalSettings } from './temporal-client.ts';

/** The embedded server keeps its state here. */
export const embeddedTemporalFile = (dataDir: string): string => join(dataDir, 'temporal', 'temporal.db');

/** The Temporal server that the environment names (`TEMPORAL_ADDRESS` and the like). */
export function configuredTemporal(): TemporalSettings {
  const given = Object.entries(withSecretFiles(process.env)).filter((one): one is [string, string] => one[1] !== undefined);
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(given) });
  return { connection: connectionOptions, namespace: namespace ?? NAMESPACE };
}

/** The one of this installation: configured, or the embedded one that another process runs. Throws StartupError when none does. */
export function temporalOfInstallation(config: Pick<Config, 'DATA_DIR' | 'TEMPORAL_ADDRESS'>): TemporalSettings {
  if (config.TEMPORAL_ADDRESS !== undefined) return configuredTemporal();
  const address = rememberedAddress(embeddedTemporalFile(config.DATA_DIR));
  if (address !== undefined) return { connection: { address }, namespace: NAMESPACE };
  throw new StartupError({ code: 'dependency_unreachable', message: 'No Temporal server runs on this DATA_DIR: start the system (npm start), or name the server with TEMPORAL_ADDRESS.' });
}
