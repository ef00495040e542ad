export * from './authorise.ts';
export * from './grant.ts';
export * from './operations.ts';
export * from './policy.ts';
