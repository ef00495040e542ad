import { patchesOf } from './known-patches.ts';
import { type At, type Routing, setCurrent, setRamp, untilSettled } from './routing.ts';
import { holdBack, letGo } from './runs.ts';

/** Which version is current, and which one takes a part of the rest, after the change. */
export type Wanted = Pick<Routing, 'ramping'> & { current: string };

/** `force`: also to a version without workers. */
type How = { routing: Routing; identity: string; force?: boolean };

/** Enrollments that stay where they are, because another version would not know what they have done; and those that move again. */
export type Moved = { held: number; released: number };

/**
 * Routes new runs, and enrollments with their next task, as wanted. An enrollment that has done a change under
 * `patched()` which a version in use then does not know is held on the version that it is on, until all of them do.
 * Throws `RoutingChanged` when the routing is not what it was when it was read.
 */
export async function changeRouting(at: At, wanted: Wanted, { routing, ...how }: How): Promise<Moved> {
  const unknown = await patchesUnknownTo(at, wanted, routing);
  const before = await holdBack(at, unknown);
  const { current, ramping } = routing;
  let { token } = routing;
  // A version that becomes current leaves its ramp by itself.
  if (ramping && ramping.buildId !== wanted.ramping?.buildId && ramping.buildId !== wanted.current) token = await setRamp(at, null, { ...how, token });
  if (current !== wanted.current) token = await setCurrent(at, wanted.current, { ...how, token });
  if (wanted.ramping) await setRamp(at, wanted.ramping, { ...how, token });
  await untilSettled(at);
  // Those that did so between the first look and now.
  const after = await holdBack(at, unknown);
  return { held: before + after, released: await letGo(at, unknown) };
}

/** What some version has under `patched()` and one of those in use has not; one that never said what it has is taken to know all. */
async function patchesUnknownTo(at: At, { current, ramping }: Wanted, { versions }: Routing): Promise<string[]> {
  const known = new Map(await Promise.all(versions.map(async ({ buildId }) => [buildId, await patchesOf(at, buildId)] as const)));
  const inUse = [current, ...(ramping && ramping.percent > 0 ? [ramping.buildId] : [])].flatMap((buildId) => {
    const patches = known.get(buildId);
    return patches ? [patches] : [];
  });
  const all = new Set([...known.values()].flatMap((patches) => patches ?? []));
  return [...all].filter((patch) => inUse.some((patches) => !patches.includes(patch)));
}
