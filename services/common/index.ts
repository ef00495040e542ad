export * from './client.ts';
export * from './context.ts';
export * from './errors.ts';
export * from './page.ts';
export { inScope } from './resilience/call-scope.ts';
export * from './schemas.ts';
export * from './verbs.ts';
export * from './within.ts';
