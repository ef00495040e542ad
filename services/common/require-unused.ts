import { type Ledger, type Transaction, useUp } from '../../db/index.ts';
import { type Asserted, notAuthentic } from './assertion.ts';

/**
 * An assertion is for one command: the same again (a step that is tried anew) passes, any other that carries it throws
 * `command_not_authentic` (`replayed`). In the transaction of the effect.
 */
export async function requireUnused(tx: Transaction, { ledger, asserted, by }: { ledger: Ledger; asserted: Asserted | null; by: string }): Promise<void> {
  if (asserted === null) return;
  const { operation, about, key, at } = asserted;
  if (!(await useUp(tx, ledger, { token: `${operation}/${about}/${key}/${at}`, by }))) throw notAuthentic('replayed');
}
