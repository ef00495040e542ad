import { runCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';

/** What an operator has done, to what of the installation, and what came of it: ids and numbers, nothing of participants. */
export type Operation = { action: string; about: string; details: Record<string, unknown> };

/** Writes into the audit trail what an operator has done to the installation, or to a run. */
export async function noteOperation({ db }: StudyDeps, { ctx, key, input }: Call<Operation>): Promise<{ action: string; about: string }> {
  const { action, about, details } = input;
  return runCommand({ db, ledger, verb: 'noteOperation', key, content: input, ctx }, async (_tx, audit) => {
    audit({ action: 'C', entity: 'operation', entityId: about, after: { action, ...details } });
    return { action, about };
  });
}
