import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StartupError } from '../embedded/startup-error.ts';
import { changeRouting, type Moved } from './change-routing.ts';
import { notePatches } from './known-patches.ts';
import { type At, codeOf, NOT_FOUND, readRouting, type Routing, RoutingChanged } from './routing.ts';
import { unpinShort } from './runs.ts';
import type { Version } from './version.ts';

/** `auto`: the version of whoever starts last is current. `manual`: operators say which one (`ops deploy`), after the very first. */
export type Promotion = 'auto' | 'manual';

type Options = At & { version: Version; patches: readonly string[]; promote: Promotion; log: Logger };

const KNOWN_WITHIN_MS = 30_000;
const TRIES = 5;

/**
 * What a worker does about its version once it polls: it says what its code knows, and makes it current where that is
 * not for operators to do (`auto`), or nothing ever was. With `auto` it also takes over what is pinned to versions of
 * before, which nobody runs any more. Otherwise it says once in the log what it waits for. Throws StartupError.
 */
export async function takePart(options: Options): Promise<void> {
  try {
    await takeItsPart(options);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    const { details = '' } = error as { details?: string };
    throw new StartupError({ code: 'dependency_unreachable', message: `Temporal does not take version ${options.version.buildId} of the workflows: ${details}`, cause: error });
  }
}

async function takeItsPart({ version, patches, promote, log, ...at }: Options): Promise<void> {
  const { buildId } = version;
  await onceKnown(async () => notePatches(at, version, patches));
  for (let trial = 1; ; trial += 1) {
    const routing = await onceKnown(async () => registered(at, buildId));
    if (routing.current === buildId && promote === 'manual') return;
    if (promote === 'manual' && !isFirst(routing)) return waits(routing, { buildId, log });
    try {
      const moved = await onceKnown(async () => changeRouting(at, { current: buildId, ramping: null }, { routing, identity: `${process.pid}@${hostname()}`, force: true }));
      const unpinned = promote === 'auto' ? await unpinShort(at, [buildId]) : 0;
      return said(routing, { buildId, moved, unpinned, log });
    } catch (error) {
      // Another process has just begun, too.
      if (!(error instanceof RoutingChanged) || trial === TRIES) throw error;
    }
  }
}

/** The first poll makes a version known, to one part of the server after the other: not found means not yet. */
async function onceKnown<T>(ask: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + KNOWN_WITHIN_MS; ; await delay(50)) {
    try {
      return await ask();
    } catch (error) {
      if (codeOf(error) !== NOT_FOUND || Date.now() > until) throw error;
    }
  }
}

async function registered(at: At, buildId: string): Promise<Routing> {
  const routing = await readRouting(at);
  if (routing?.versions.some((version) => version.buildId === buildId)) return routing;
  throw Object.assign(new Error('not yet'), { code: NOT_FOUND, details: `it is not known ${KNOWN_WITHIN_MS / 1000} s after the first poll` });
}

const isFirst = ({ current, versions }: Routing): boolean => current === null && versions.every(({ status }) => status === 'inactive');

function waits({ current, ramping }: Routing, { buildId, log }: { buildId: string; log: Logger }): void {
  if (ramping?.buildId === buildId) return;
  const command = `npm run ops -- deploy promote ${buildId}`;
  log.warn({ buildId, current }, `this version of the workflows is not current: it gets nothing new until "${command}", or "deploy ramp"`);
}

function said({ current }: Routing, { buildId, moved, unpinned, log }: { buildId: string; moved: Moved; unpinned: number; log: Logger }): void {
  if (current !== buildId) log.info({ buildId, former: current, unpinned, ...moved }, 'this version of the workflows is current');
  if (moved.held === 0) return;
  log.warn({ buildId, held: moved.held }, 'enrollments have gone on with a version that knows more than this one, and wait for it: start that version again, or a later one');
}
