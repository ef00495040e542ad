import type { WorkflowExecutionInfo } from '@temporalio/client';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../workflows/consent-to-enrollment/messages.ts';
import { type At, codeOf, NOT_FOUND } from './routing.ts';
import { DEPLOYMENT_NAME } from './version.ts';

const OPEN = `ExecutionStatus = 'Running' AND TemporalWorkerDeployment = '${DEPLOYMENT_NAME}'`;
const ENROLLMENTS = `${OPEN} AND WorkflowType = '${WORKFLOW_TYPE}'`;
const PINNED = "TemporalWorkflowVersioningBehavior = 'Pinned'";
const PINNED_OVERRIDE = 1;
const AT_ONCE = 20;

/** A build id may be an operator's argument, a patch id anything. */
const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const versionName = (buildId: string) => `${DEPLOYMENT_NAME}:${buildId}`;

export type OpenRuns = { enrollments: number; pinned: number; held: number };

/** Open runs that this version was the last to serve: enrollments, short runs pinned to it, enrollments held on it. */
export async function openRunsOn(at: At, buildId: string): Promise<OpenRuns> {
  const on = `TemporalWorkerDeploymentVersion = ${quoted(versionName(buildId))}`;
  const [all, pinned, held] = await Promise.all([
    count(at, `${ENROLLMENTS} AND ${on}`),
    count(at, `${OPEN} AND WorkflowType != '${WORKFLOW_TYPE}' AND ${on}`),
    count(at, `${ENROLLMENTS} AND ${PINNED} AND ${on}`),
  ]);
  return { enrollments: all, pinned, held };
}

/** Open runs that no version has served yet: begun before there were versions, or not begun at all. */
export async function openUnversioned(at: At): Promise<number> {
  return count(at, `ExecutionStatus = 'Running' AND TaskQueue = '${TASK_QUEUE}' AND TemporalWorkerDeployment IS NULL`);
}

/**
 * An enrollment that has done one of these changes under `patched()` would fail on a version without it: it stays on
 * the version that it is on, until `letGo`. Answers how many.
 */
export async function holdBack(at: At, patches: readonly string[]): Promise<number> {
  if (patches.length === 0) return 0;
  const query = `${ENROLLMENTS} AND TemporalWorkflowVersioningBehavior = 'AutoUpgrade' AND TemporalChangeVersion IN (${patches.map(quoted).join(', ')})`;
  return overrideAll(at, query, (run) => {
    const buildId = buildIdOf(run);
    return buildId === undefined ? undefined : { pinned: { behavior: PINNED_OVERRIDE, version: { deploymentName: DEPLOYMENT_NAME, buildId } } };
  });
}

/** Enrollments that were held back move with the versions again, unless they have done one of these changes. */
export async function letGo(at: At, patches: readonly string[]): Promise<number> {
  return overrideAll(at, `${ENROLLMENTS} AND ${PINNED}`, (run) => {
    const done = run.searchAttributes['TemporalChangeVersion'] as readonly unknown[] | undefined;
    return done?.some((patch) => patches.includes(String(patch))) ? undefined : null;
  });
}

/** Short runs that are pinned to other versions than these go on with the current one. */
export async function unpinShort(at: At, kept: readonly string[]): Promise<number> {
  const others = kept.map((buildId) => ` AND TemporalWorkerDeploymentVersion != ${quoted(versionName(buildId))}`).join('');
  return overrideAll(at, `${OPEN} AND WorkflowType != '${WORKFLOW_TYPE}' AND ${PINNED}${others}`, () => ({ autoUpgrade: true }));
}

type Override = { autoUpgrade: true } | { pinned: { behavior: number; version: { deploymentName: string; buildId: string } } };

/** `null` takes the override away, `undefined` leaves the run alone. A run that has ended meanwhile is none. */
async function overrideAll({ client, namespace }: At, query: string, of: (run: WorkflowExecutionInfo) => Override | null | undefined): Promise<number> {
  let changed = 0;
  const change = async ({ workflowId, runId }: WorkflowExecutionInfo, override: Override | null) => {
    const workflowExecutionOptions = override === null ? {} : { versioningOverride: override };
    const updated = client.workflowService.updateWorkflowExecutionOptions({ namespace, workflowExecution: { workflowId, runId }, updateMask: { paths: ['versioning_override'] }, workflowExecutionOptions });
    await updated.then(() => (changed += 1), (error: unknown) => (codeOf(error) === NOT_FOUND ? undefined : Promise.reject(error)));
  };
  const page: Promise<void>[] = [];
  for await (const run of client.workflow.list({ query })) {
    const override = of(run);
    if (override !== undefined) page.push(change(run, override));
    if (page.length === AT_ONCE) await Promise.all(page.splice(0));
  }
  await Promise.all(page);
  return changed;
}

function buildIdOf({ searchAttributes }: WorkflowExecutionInfo): string | undefined {
  const [name] = (searchAttributes['TemporalWorkerDeploymentVersion'] ?? []) as readonly unknown[];
  return typeof name === 'string' && name.startsWith(`${DEPLOYMENT_NAME}:`) ? name.slice(DEPLOYMENT_NAME.length + 1) : undefined;
}

async function count({ client }: At, query: string): Promise<number> {
  return (await client.workflow.count(query)).count;
}
