export * from './client.ts';
export * from './in-memory.ts';
export * from './serve.ts';
export * from './service-token.ts';
export * from './table.ts';
