export * from './client.ts';
export * from './in-memory.ts';
export type { CallObserver, ObservedCall } from './observed.ts';
export * from './serve.ts';
export * from './service-token.ts';
export * from './table.ts';
