export * from './call-scope.ts';
export * from './options.ts';
export * from './policy-events.ts';
export * from './policy.ts';
export { timedOut, UnansweredError } from './refusals.ts';
