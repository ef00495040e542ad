import type { Ledger } from '../../db/index.ts';
import { auditEntries, commandKeys } from './tables.ts';

/** Keys and audit trail of this service. */
export const ledger: Ledger = { commandKeys, auditEntries };
