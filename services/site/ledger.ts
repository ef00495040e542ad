import type { Ledger } from '../../db/index.ts';
import { auditEntries, commandKeys } from './tables.ts';

/** Where Site keeps its command keys and audit trail. */
export const ledger: Ledger = { commandKeys, auditEntries };
