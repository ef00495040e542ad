import { runCommand } from '../../db/index.ts';
import type { Call } from '../common/index.ts';
import type { StudyDeps } from './deps.ts';
import { ledger } from './ledger.ts';

type KeyChange = { keyId: string; purpose: 'data-keys' | 'payloads' | 'seals' };

/** Writes into the audit trail that another key is in use from now on (ICH E6(R3) 4.2.2). */
export async function noteKeyChange({ db }: StudyDeps, { ctx, key, input }: Call<KeyChange>): Promise<{ keyId: string }> {
  return runCommand({ db, ledger, verb: 'noteKeyChange', key, content: input, ctx }, async (_tx, audit) => {
    audit({ action: 'C', entity: 'key', entityId: input.keyId, after: input });
    return { keyId: input.keyId };
  });
}
