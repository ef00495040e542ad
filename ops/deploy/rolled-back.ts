import type { Routing } from '../../runtime/deployment/routing.ts';
import type { Target } from './change-versions.ts';

/** Where a rollback leads: undefined when there is nothing to go back to. */
export function rolledBack({ current, ramping, versions }: Routing, to?: string): Target | undefined {
  if (to !== undefined) return { target: to, gains: true, current: to, ramping: null };
  if (ramping && current !== null) return { target: current, gains: false, current, ramping: null };
  const [before] = versions
    .filter(({ buildId, lastCurrentAt }) => buildId !== current && lastCurrentAt !== null)
    .toSorted((a, b) => b.lastCurrentAt!.localeCompare(a.lastCurrentAt!));
  return before && { target: before.buildId, gains: true, current: before.buildId, ramping: null };
}
