import { AsyncLocalStorage } from 'node:async_hooks';

/** What a verb passes on to the calls it makes. */
export type CallScope = {
  /** When whoever called stops waiting, in milliseconds since the epoch (`Date.now()`); undefined: no bound of theirs. */
  readonly deadlineAt: number | undefined;
};

const scopes = new AsyncLocalStorage<CallScope>();

/**
 * What `work` comes to, with `scope` as the current one in it and in everything that it begins, across await, timers
 * and promises. It replaces an outer scope, also a stricter one: a connection, timer or pool that was made in one
 * call and serves others must not hold them to that call's deadline. For the same reason work that outlives its call
 * has to be begun in a scope of its own, with nothing set.
 */
export function inScope<T>(scope: CallScope, work: () => T): T {
  return scopes.run(scope, work);
}

/** The scope of the call that is being answered; undefined outside of any. */
export function currentScope(): CallScope | undefined {
  return scopes.getStore();
}
