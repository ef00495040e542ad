export * from './commands.ts';
export * from './connect.ts';
export * from './content-hash.ts';
export * from './encryption/vault.ts';
export * from './errors.ts';
export * from './ledger.ts';
export * from './transaction.ts';
