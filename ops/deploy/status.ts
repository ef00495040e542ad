import { presentWorkers } from '../../runtime/deployment/present-workers.ts';
import { type At, type KnownVersion, readRouting, type Routing } from '../../runtime/deployment/routing.ts';
import { type OpenRuns, openRunsOn, openUnversioned } from '../../runtime/deployment/runs.ts';
import { DEPLOYMENT_NAME } from '../../runtime/deployment/version.ts';

type ShownVersion = KnownVersion & { workers: number; open: OpenRuns };

export type DeployStatus = Pick<Routing, 'current' | 'ramping' | 'settled'> & {
  deployment: string;
  versions: ShownVersion[];
  /** Open runs that no version has served yet. */
  unversioned: number;
  /** What waits for somebody to do something; each says what. */
  problems: string[];
};

/** The versions of the workflow code and what is open on each, as the server knows it. Counts may be a second old. */
export async function readStatus(at: At): Promise<DeployStatus> {
  const [routing, workers, unversioned] = await Promise.all([readRouting(at), presentWorkers(at), openUnversioned(at)]);
  const { current, ramping, settled } = routing ?? { current: null, ramping: null, settled: true };
  const versions = await Promise.all(
    (routing?.versions ?? []).map(async (version) => ({ ...version, workers: workers.get(version.buildId) ?? 0, open: await openRunsOn(at, version.buildId) })),
  );
  return { deployment: DEPLOYMENT_NAME, current, ramping, settled, versions, unversioned, problems: [...problemsOf({ current, ramping, versions })] };
}

function* problemsOf({ current, ramping, versions }: Pick<DeployStatus, 'current' | 'ramping' | 'versions'>): Generator<string> {
  if (current === null && versions.length > 0) yield 'No version is current: nothing begins and nothing goes on until one is promoted.';
  for (const { buildId, open } of versions.filter((version) => version.workers === 0)) {
    const isUsed = buildId === current || buildId === ramping?.buildId;
    if (isUsed) yield `Nobody runs ${buildId}, which is in use: start its workers, or promote another version.`;
    if (!isUsed && open.held > 0) yield `${open.held} enrollments are held on ${buildId}, which nobody runs: start its workers, or promote a version that knows what they have done.`;
    if (!isUsed && open.pinned > 0) yield `${open.pinned} short workflows wait for ${buildId}, which nobody runs: start its workers, or promote ${current ?? 'a version'} again, which takes them over.`;
  }
}

export function statusText({ deployment, versions, unversioned, settled, problems, ramping }: DeployStatus): string {
  if (versions.length === 0) return `No version of ${deployment} has been started here yet. Open runs: ${unversioned}.`;
  const rows = versions.map(({ buildId, status, since, workers, open }) => [
    buildId,
    status === 'ramping' && ramping ? `ramping ${ramping.percent} %` : status,
    since?.slice(0, 19).replace('T', ' ') ?? '',
    String(workers),
    String(open.enrollments),
    String(open.held),
    String(open.pinned),
  ]);
  return [
    `${deployment}${settled ? '' : ' (the last change is still on its way)'}`,
    ...table([['version', 'status', 'since (UTC)', 'workers', 'enrollments', 'held', 'short workflows'], ...rows]),
    ...(unversioned > 0 ? [`Open runs that no version has served yet: ${unversioned}.`] : []),
    ...problems,
  ].join('\n');
}

function table(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()}`);
}
