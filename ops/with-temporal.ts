import type { Client } from '@temporalio/client';
import type { Config } from '../runtime/config.ts';
import type { Secrets } from '../runtime/keys.ts';

export type AtTemporal = { client: Client; namespace: string; config: Config; secrets: Secrets };

/** How long the server may take to answer at all, and for one call; who needs longer says so with `connection.withDeadline`. */
const WITHIN = { connectMs: 5000, callMs: 10_000 };
/** DEADLINE_EXCEEDED and UNAVAILABLE of gRPC. */
const NO_ANSWER: readonly unknown[] = [4, 14];

/**
 * Does `work` with a client of this installation's Temporal, with its codec, and closes it. Every call has a deadline.
 * Throws StartupError with what to do when the server doesn't answer.
 */
export async function withTemporal(work: (at: AtTemporal) => Promise<void>): Promise<void> {
  // Loaded only now: help, and what is wrong with an argument, are said without waiting for them.
  const [{ readConfig }, { temporalOfInstallation }, { openTemporalClient }, { loadSecrets }, { StartupError }] = await Promise.all([
    import('../runtime/config.ts'),
    import('../runtime/installation-temporal.ts'),
    import('../runtime/temporal-client.ts'),
    import('../runtime/keys.ts'),
    import('../runtime/embedded/startup-error.ts'),
  ]);
  const { isGrpcServiceError } = await import('@temporalio/client');
  const config = readConfig();
  const settings = temporalOfInstallation(config);
  const { namespace } = settings;
  const address = settings.connection.address ?? 'its address';
  const unanswered = (cause: unknown) =>
    new StartupError({ code: 'dependency_unreachable', message: `Temporal does not answer at ${address}: start it (npm start for the embedded one), or correct TEMPORAL_ADDRESS.`, cause });
  const secrets = await loadSecrets(config);
  const { client, close } = await openTemporalClient(settings, secrets.payloadKeys, WITHIN).catch((error: unknown) => Promise.reject(unanswered(error)));
  try {
    await work({ client, namespace, config, secrets });
  } catch (error) {
    throw isGrpcServiceError(error) && NO_ANSWER.includes(error.code) ? unanswered(error) : error;
  } finally {
    await close();
  }
}
