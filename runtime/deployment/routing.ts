import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { StartupError } from '../embedded/startup-error.ts';
import { DEPLOYMENT_NAME } from './version.ts';

/** A Temporal server, and the namespace there: raw calls don't fill it in. */
export type At = { client: Client; namespace: string };

/** `inactive`: nothing has been sent to it yet. `draining`: only what is pinned to it still runs there. */
export type VersionStatus = 'current' | 'ramping' | 'draining' | 'drained' | 'inactive';
export type KnownVersion = {
  buildId: string;
  status: VersionStatus;
  registeredAt: string | null;
  /** Since when it has its status, as far as the server tells. */
  since: string | null;
  /** When it last became current; null when it never was. */
  lastCurrentAt: string | null;
};

/** Which version gets what: new runs, and those that move with the versions. */
export type Routing = {
  current: string | null;
  ramping: { buildId: string; percent: number } | null;
  /** Newest first. */
  versions: KnownVersion[];
  /** Has it come to all parts of the server? */
  settled: boolean;
  /** Of this state: a change of another one is refused. */
  token: Uint8Array;
};

const { RoutingConfigUpdateState } = proto.temporal.api.enums.v1;
/** By the number of WorkerDeploymentVersionStatus. */
const STATUS: readonly (VersionStatus | undefined)[] = [undefined, 'inactive', 'current', 'ramping', 'draining', 'drained'];
/** Of gRPC. */
export const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const SETTLED_WITHIN_MS = 10_000;

/** How the server routes; undefined when no versioned worker has ever polled. */
export async function readRouting({ client, namespace }: At): Promise<Routing | undefined> {
  const found = await client.workflowService
    .describeWorkerDeployment({ namespace, deploymentName: DEPLOYMENT_NAME })
    .catch((error: unknown) => (codeOf(error) === NOT_FOUND ? undefined : Promise.reject(error)));
  if (!found) return undefined;
  const { routingConfig, versionSummaries, routingConfigUpdateState } = found.workerDeploymentInfo ?? {};
  const ramping = routingConfig?.rampingDeploymentVersion?.buildId;
  const versions = (versionSummaries ?? []).map((version) => ({
    buildId: version.deploymentVersion?.buildId ?? '',
    status: STATUS[version.status ?? 0] ?? 'inactive',
    registeredAt: instant(version.createTime),
    since: instant(version.currentSinceTime ?? version.rampingSinceTime ?? version.drainageInfo?.lastChangedTime ?? version.lastDeactivationTime ?? version.createTime),
    lastCurrentAt: instant(version.lastCurrentTime),
  }));
  return {
    current: routingConfig?.currentDeploymentVersion?.buildId ?? null,
    ramping: ramping ? { buildId: ramping, percent: routingConfig?.rampingVersionPercentage ?? 0 } : null,
    versions: versions.toSorted((a, b) => (b.registeredAt ?? '').localeCompare(a.registeredAt ?? '')),
    settled: routingConfigUpdateState !== RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS,
    token: found.conflictToken ?? new Uint8Array(),
  };
}

/** `token`: of the state that is changed. `force`: also when no worker of that version is there. */
type Change = { token: Uint8Array; identity: string; force?: boolean };

/** New runs, and those that move with the versions, go there from now on. Its own ramp ends with it, another one's doesn't. Answers the next token. */
export async function setCurrent({ client, namespace }: At, buildId: string, { token, identity, force = false }: Change): Promise<Uint8Array> {
  const change = client.workflowService.setWorkerDeploymentCurrentVersion({
    namespace, deploymentName: DEPLOYMENT_NAME, buildId, conflictToken: token, identity, allowNoPollers: force, ignoreMissingTaskQueues: force,
  });
  return tokenOf(change);
}

/** So many of a hundred go to that version instead of the current one; null ends it. Answers the next token. */
export async function setRamp({ client, namespace }: At, ramp: Routing['ramping'], { token, identity, force = false }: Change): Promise<Uint8Array> {
  const change = client.workflowService.setWorkerDeploymentRampingVersion({
    namespace, deploymentName: DEPLOYMENT_NAME, buildId: ramp?.buildId ?? '', percentage: ramp?.percent ?? 0,
    conflictToken: token, identity, allowNoPollers: force, ignoreMissingTaskQueues: force,
  });
  return tokenOf(change);
}

/** Returns when what was set last is in force everywhere, or after 10 s: then it is a matter of moments. */
export async function untilSettled(at: At): Promise<void> {
  for (const until = Date.now() + SETTLED_WITHIN_MS; Date.now() < until; await delay(100)) {
    if ((await readRouting(at))?.settled !== false) return;
  }
}

/** Somebody else has changed the routing since it was read: thrown by `setCurrent` and `setRamp`. */
export class RoutingChanged extends StartupError {
  constructor(cause: unknown) {
    super({ code: 'bad_configuration', message: 'Somebody else has changed the versions at this moment: look at "ops deploy status", and try again.', cause });
  }
}

async function tokenOf(change: Promise<{ conflictToken?: Uint8Array | null }>): Promise<Uint8Array> {
  try {
    return (await change).conflictToken ?? new Uint8Array();
  } catch (error) {
    if (codeOf(error) !== FAILED_PRECONDITION) throw error;
    const { details = '' } = error as { details?: string };
    throw /conflict token/.test(details) ? new RoutingChanged(error) : new StartupError({ code: 'bad_configuration', message: `Temporal refuses this: ${details}`, cause: error });
  }
}

/** Of an error of gRPC. */
export function codeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

type Timestamp = { seconds?: unknown; nanos?: number | null };
const instant = (time: Timestamp | null | undefined): string | null => (time ? new Date(Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6).toISOString() : null);
