import type { OpsEngine } from './engine/engine.ts';
import type { Signing } from './engine/resolve-run.ts';
import { engineAt } from './at-run.ts';
import { withServices } from './with-services.ts';
import { type AtTemporal, withTemporal } from './with-temporal.ts';
import type { OpsServices } from '../runtime/ops-services.ts';

export type AtResolving = { engine: OpsEngine; signing: Signing; services: OpsServices['services']; at: AtTemporal };

/**
 * Does `work` with what an operator's word needs: Temporal, the databases, which keep who said it and why, and the key
 * by which the API answers for it. Throws StartupError where this machine has no such key.
 */
export async function atResolving(work: (at: AtResolving) => Promise<void>): Promise<void> {
  const [{ loadServiceKeys }, { keyFiles }, { StartupError }, { assertionSigner }, { signingOf }] = await Promise.all([
    import('../runtime/rpc/keys.ts'),
    import('../runtime/keys.ts'),
    import('../runtime/embedded/startup-error.ts'),
    import('../services/common/assertion.ts'),
    import('../runtime/operations.ts'),
  ]);
  await withTemporal((at) =>
    withServices(async ({ config, services, secrets }) => {
      const { privateKeys } = await loadServiceKeys({ ...config, file: keyFiles(config.DATA_DIR).services });
      if (!privateKeys.api) {
        throw new StartupError({ code: 'bad_configuration', message: 'This machine has not the API’s signing key (SERVICE_KEYS_FILE): run the command where the API runs, or say it over REST (POST /enrollments/{id}/resolve).' });
      }
      const assert = assertionSigner({ privateKey: privateKeys.api, hashKey: secrets.hashKey, clock: () => new Date() });
      await work({ engine: engineAt(at), signing: signingOf({ assert, hashKey: secrets.hashKey }), services, at });
    }),
  );
}
