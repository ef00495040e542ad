import { TASK_QUEUE } from '../../workflows/consent-to-enrollment/messages.ts';
import { OPERATIONS_QUEUE } from '../../workflows/watch-for-stuck/messages.ts';
import type { StuckCase } from '../../services/common/index.ts';
import { mapBounded, OPEN, type OpsEngine } from './engine.ts';
import { hasWork, lookAtRun } from './look-at-run.ts';
import { type ListedRun, listRuns, subjectOf } from './open-runs.ts';
import { casesOfQueues, queueStates } from './queues.ts';

/** Runs that one query may bring into one pass, and that are looked at closely at once. */
const MOST_RUNS = 1000;
const AT_ONCE = 8;
/** Of the runs that nothing points to, so many a pass, one page after the other. */
const SLICE = 50;
/** Whoever began just now is not stuck yet. */
const YOUNG_MS = 20_000;

const ACTIVITY_QUEUES = ['patient', 'study', 'site', 'edc', 'notification'];
/** The queues of the system, and what their tasks are. */
export const ALL_QUEUES = [
  { queue: TASK_QUEUE, tasks: 'workflow' as const },
  ...ACTIVITY_QUEUES.map((queue) => ({ queue, tasks: 'activity' as const })),
  { queue: OPERATIONS_QUEUE, tasks: 'workflow' as const },
];

export type Found = {
  cases: StuckCase[];
  /** Of the known ones: what is over. */
  solved: string[];
  /** Where the next pass goes on with the runs that nothing points to; null: from the start. */
  cursor: string | null;
  /** There is more than one pass looks at. */
  more: boolean;
};

/**
 * One pass over everything that can be stuck: queues, and runs that something points to (search attributes, a deadline
 * that has passed, being under way for long), beside a slice of all others. Of what is `known` by its subject nothing
 * is looked up again, only whether it is over. Throws what Temporal throws.
 */
export async function findStuck(
  engine: OpsEngine,
  { known = new Map(), cursor = null, details = false }: { known?: ReadonlyMap<string, string | null>; cursor?: string | null; details?: boolean },
): Promise<Found> {
  const queues = casesOfQueues(engine, await queueStates(engine, ALL_QUEUES));
  const pages = await Promise.all([
    ...suspects(engine).map((query) => listRuns(engine, { query, limit: MOST_RUNS })),
    listRuns(engine, { query: OPEN, limit: SLICE, pageToken: cursor }),
  ]);
  const runs = [...new Map(pages.flatMap((page) => page.runs).map((run) => [run.runId, run])).values()];
  // What is known and still says so needs no second look; what is known and silent is asked whether it is over.
  const fresh = runs.filter((run) => !known.has(subjectOf(run)));
  const silent = runs.filter((run) => known.has(subjectOf(run)) && !speaks(run));
  const looked = await mapBounded(fresh, AT_ONCE, (run) => lookAtRun(engine, run, { details }));
  // Runs that wait because nobody polls the queue at all are the queue's case.
  const isQueueDown = queues.some(({ step }) => step === TASK_QUEUE);
  const found = looked.filter((one) => one !== null).filter(({ kind }) => !(isQueueDown && kind === 'no_poller'));
  const cases = [...queues.filter(({ subject }) => !known.has(subject)), ...found];
  const solved = await overNow(engine, { known, runs, silent, queues });
  return { cases, solved, cursor: pages.at(-1)?.pageToken ?? null, more: pages.slice(0, -1).some(({ pageToken }) => pageToken !== null) };
}

const speaks = (run: ListedRun) => run.needsAttention || run.problems.length > 0 || run.status === 'PAUSED';

function suspects({ clock }: OpsEngine): string[] {
  const before = (ms: number) => `"${new Date(clock().getTime() - ms).toISOString()}"`;
  return [
    `${OPEN} AND NeedsAttention = true`,
    `${OPEN} AND TemporalReportedProblems IN ("category=WorkflowTaskFailed", "category=WorkflowTaskTimedOut")`,
    `${OPEN} AND TemporalPauseInfo IS NOT NULL`,
    `${OPEN} AND AwaitedUntil < ${before(0)}`,
    `${OPEN} AND Awaiting IS NULL AND StartTime < ${before(YOUNG_MS)}`,
  ];
}

type Pass = { known: ReadonlyMap<string, string | null>; runs: ListedRun[]; silent: ListedRun[]; queues: StuckCase[] };

/** Known ones that are over: they have ended, or nothing is wrong with them and nothing of theirs is under way. */
async function overNow(engine: OpsEngine, { known, runs, silent, queues }: Pass): Promise<string[]> {
  const seen = new Set(runs.map(subjectOf));
  const unseen = [...known].filter(([subject]) => !seen.has(subject));
  const ended = await mapBounded(unseen, AT_ONCE, async ([subject, workflowId]) => {
    if (workflowId === null) return queues.some((one) => one.subject === subject) ? null : subject;
    const { runs: open } = await listRuns(engine, { query: `${OPEN} AND WorkflowId = "${workflowId}"`, limit: 1 });
    const [run] = open;
    return run && !(await isOver(engine, run)) ? null : subject;
  });
  const quiet = await mapBounded(silent, AT_ONCE, async (run) => ((await isOver(engine, run)) ? subjectOf(run) : null));
  return [...ended, ...quiet].filter((subject) => subject !== null);
}

/** Between two rounds of attempts nothing points to a run either: as long as a step of it is under way it is not over. */
async function isOver(engine: OpsEngine, run: ListedRun): Promise<boolean> {
  if (speaks(run) || (await lookAtRun(engine, run, { details: false }))) return false;
  return !(await hasWork(engine, run));
}
