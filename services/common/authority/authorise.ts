import type { Ctx } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import { type Belongs, covers, type Grant, requireStudy } from './grant.ts';
import { accessOf, type OperationId } from './policy.ts';

/** What the edge let somebody in for: goes with the call, and the service holds it against the policy itself. */
export type Authority = { operation: OperationId; grant: Grant };

/** In the course of what, and for whom. */
export type Asked = { operation: OperationId; ctx: Ctx };

/** What a call is about, and what to call it when the caller may not know of it. */
export type About = Belongs & { what: string };

/**
 * How a verb is held against the policy when the edge calls it for a person:
 * - `lookup`  codes and names that everybody with a token may know;
 * - `system`  the edge's own work, on behalf of nobody;
 * - `for`     in the course of these operations, about these things: nothing (`[]`), or null when there is no such
 *             thing, which the verb then says itself. `within` holds the limits of a list against the grant.
 */
export type Guard<D, I = never> =
  | 'lookup'
  | 'system'
  | {
      for: readonly OperationId[] | ((input: I) => readonly OperationId[]);
      about?: (deps: D, input: I, asked: Asked) => readonly About[] | null | Promise<readonly About[] | null>;
      within?: (grant: Grant, input: I) => boolean;
    };

const forbidden = () => new DomainError('forbidden', 'forbidden', 'Your role may not do this.');

/**
 * The verb `authorise` of a service, asked before each verb that the edge calls: may this person do that, to this
 * (21 CFR 11.10(d), (g))? The grant that the edge has worked out must be what the policy gives the role, and cover
 * what the record itself says it belongs to. A verb without a guard is denied. Throws `forbidden`, or the 404 of
 * what the caller may not know of.
 */
export function authoriseWith<D>(guards: Readonly<Record<string, Guard<D>>>) {
  return async (deps: D, { ctx, verb, input }: { ctx: Ctx; verb: string; input: unknown }): Promise<void> => {
    const guard = Object.hasOwn(guards, verb) ? guards[verb] : undefined;
    if (guard === undefined || ctx.actor.kind === 'workflow') throw forbidden();
    if (guard === 'lookup') return;
    if (ctx.actor.kind === 'service') {
      if (guard === 'system') return;
      throw forbidden();
    }
    const { authority } = ctx;
    if (guard === 'system' || authority === undefined) throw forbidden();
    const { operation, grant } = authority;
    const operations = typeof guard.for === 'function' ? guard.for(input as never) : guard.for;
    if (!operations.includes(operation) || accessOf(operation, ctx.actor.role) !== grant.scope) throw forbidden();
    if (guard.within && !guard.within(grant, input as never)) throw forbidden();
    for (const about of (await guard.about?.(deps, input as never, { operation, ctx })) ?? []) requireAbout(grant, about);
  };
}

function requireAbout(grant: Grant, { what, ...thing }: About): void {
  const ofStudyOnly = thing.siteIds === undefined && thing.siteCode === undefined && thing.patientId === undefined;
  if (ofStudyOnly && thing.studyId !== undefined) return requireStudy(grant, thing.studyId);
  if (!covers(grant, thing)) throw notFound(what);
}

/** Whom a verb shows what it finds to: everything where no person asks through the edge. */
export function grantOf(ctx: Ctx): Grant {
  return ctx.authority?.grant ?? { scope: 'any' };
}
