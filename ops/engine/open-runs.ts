import { searchAttributes } from '../../workflows/search-attributes.ts';
import { called, type OpsEngine } from './engine.ts';

/** A run as Temporal's list knows it: eventually consistent. */
export type ListedRun = {
  workflowId: string;
  runId: string;
  workflowType: string;
  enrollmentId: string | null;
  stage: string | null;
  needsAttention: boolean;
  stuckStep: string | null;
  status: string;
  startedAt: string;
  /** `category=…` of Temporal's own report on failing workflow tasks. */
  problems: readonly string[];
};

/** Which run, and no more. */
export type RunRef = Pick<ListedRun, 'workflowId' | 'runId'>;

/** What makes a run the same thing in every list, also after a reset: `{workflowType}/{id}`. */
export const subjectOf = ({ workflowType, enrollmentId, workflowId }: Pick<ListedRun, 'workflowType' | 'enrollmentId' | 'workflowId'>): string =>
  `${workflowType}/${enrollmentId ?? workflowId.slice(workflowId.indexOf('/') + 1)}`;

/** The newest runs that a query finds, at most `limit`, behind a page token. Throws what Temporal throws, such as a query that it can't read. */
export async function listRuns(engine: OpsEngine, asked: { query: string; limit: number; pageToken?: string | null }): Promise<{ runs: ListedRun[]; pageToken: string | null }> {
  const { client, namespace } = engine;
  const runs: ListedRun[] = [];
  let token: Uint8Array = asked.pageToken ? Buffer.from(asked.pageToken, 'base64') : new Uint8Array();
  do {
    const pageSize = Math.min(500, asked.limit - runs.length);
    const page = await called(engine, () => client.workflowService.listWorkflowExecutions({ namespace, query: asked.query, pageSize, nextPageToken: token }));
    for (const info of page.executions ?? []) runs.push(listed(info));
    token = page.nextPageToken ?? new Uint8Array();
  } while (token.length > 0 && runs.length < asked.limit);
  return { runs, pageToken: token.length > 0 ? Buffer.from(token).toString('base64') : null };
}

type Info = NonNullable<Awaited<ReturnType<OpsEngine['client']['workflowService']['listWorkflowExecutions']>>['executions']>[number];

const STATUS = ['UNSPECIFIED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT', 'PAUSED'];

function listed(info: Info): ListedRun {
  const fields = info.searchAttributes?.indexedFields ?? {};
  const read = (name: string): unknown => {
    const data = fields[name]?.data;
    return data && data.length > 0 ? JSON.parse(Buffer.from(data).toString('utf8')) : null;
  };
  return {
    workflowId: info.execution?.workflowId ?? '',
    runId: info.execution?.runId ?? '',
    workflowType: info.type?.name ?? '',
    enrollmentId: read(searchAttributes.enrollmentId.name) as string | null,
    stage: read(searchAttributes.stage.name) as string | null,
    needsAttention: read(searchAttributes.needsAttention.name) === true,
    stuckStep: read(searchAttributes.stuckStep.name) as string | null,
    status: STATUS[info.status ?? 0] ?? 'UNSPECIFIED',
    startedAt: new Date(Number(info.startTime?.seconds ?? 0) * 1000).toISOString(),
    problems: (read('TemporalReportedProblems') as string[] | null) ?? [],
  };
}
