import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { MOST_IN_BULK, RUN_ID, text } from '../../services/common/index.ts';
import { ctxOf, keyOf, readOf } from '../call.ts';
import type { Api, ApiDeps, ApiEnv } from '../deps.ts';
import type { LocatedRun, OperatorsWord } from '../operations-gateway.ts';
import { answer, jsonBody, operation } from '../operation.ts';
import { bulkResponse, diagnosisResponse, queueResponse, resetResponse, runResponse, stuckResponse, takenResponse } from '../responses/operations.ts';

const tags = ['Operations'];
const reason = text(500);
const reasonBody = jsonBody(z.strictObject({ reason }));
/** The id of an enrollment, or a workflow id, percent-encoded. */
const runPath = z.object({ id: z.string().regex(RUN_ID) });
const bulkPath = z.object({ bulkId: z.string().regex(/^[0-9a-f-]{36}$/) });

const listStuck = operation({
  operationId: 'listStuck', tags, method: 'get', path: '/ops/stuck',
  summary: 'Everything that is stuck, in all its forms, oldest first.',
  request: {}, responses: { 200: answer('What is stuck', stuckResponse) },
});
const showRun = operation({
  operationId: 'showRun', tags, method: 'get', path: '/ops/runs/{id}',
  summary: 'One page about a run: what is wrong, what is under way, what happened last, what each action would do.',
  request: { params: runPath }, responses: { 200: answer('The run', runResponse) },
});
const listQueues = operation({
  operationId: 'listQueues', tags, method: 'get', path: '/ops/queues',
  summary: 'The task queues: what waits, for how long, and who takes it.',
  request: {}, responses: { 200: answer('The queues', z.object({ items: z.array(queueResponse) })) },
});
const diagnose = operation({
  operationId: 'diagnose', tags, method: 'get', path: '/ops/doctor',
  summary: 'What the system stands on, and what to do where it is not well.',
  request: {}, responses: { 200: answer('What was found', diagnosisResponse) },
});
const retryRun = operation({
  operationId: 'retryRun', tags, method: 'post', path: '/ops/runs/{id}/retry',
  summary: 'Try again what is stuck of a run, short workflows included.',
  request: { params: runPath, body: reasonBody }, responses: { 200: answer('Taken', takenResponse) },
});
const startBulkRetry = operation({
  operationId: 'startBulkRetry', tags, method: 'post', path: '/ops/retries',
  summary: 'Try again what is stuck of all runs that a query finds. It goes on in the system; a dry run says only which.',
  request: {
    body: jsonBody(z.strictObject({
      query: z.string().max(1000).default(''),
      limit: z.number().int().min(1).max(MOST_IN_BULK).default(500),
      rate: z.number().int().min(1).max(100).default(20),
      dryRun: z.boolean().default(false),
      reason,
    })),
  },
  responses: { 200: answer('A dry run', bulkResponse), 202: answer('Begun', bulkResponse) },
});
const getBulkRetry = operation({
  operationId: 'getBulkRetry', tags, method: 'get', path: '/ops/retries/{bulkId}',
  summary: 'How far a retry in bulk has come.',
  request: { params: bulkPath }, responses: { 200: answer('How far', bulkResponse) },
});
const stopBulkRetry = operation({
  operationId: 'stopBulkRetry', tags, method: 'post', path: '/ops/retries/{bulkId}/stop',
  summary: 'End a retry in bulk after the portion that is under way.',
  request: { params: bulkPath, body: reasonBody }, responses: { 202: answer('It ends', z.object({ bulkId: z.string() })) },
});
const controlActivity = operation({
  operationId: 'controlActivity', tags, method: 'post', path: '/ops/runs/{id}/activities/{activity}',
  summary: 'Have an activity that is under way tried again at once, held, or let go on.',
  request: { params: runPath.extend({ activity: z.string().regex(/^\w{1,60}$/) }), body: jsonBody(z.strictObject({ action: z.enum(['reset', 'pause', 'unpause']), reason })) },
  responses: { 200: answer('Taken', takenResponse) },
});
const resetRun = operation({
  operationId: 'resetRun', tags, method: 'post', path: '/ops/runs/{id}/reset',
  summary: 'Have a run do again what came after the end of a workflow task; never to before an accepted signature, the pivot or any other step that has taken effect.',
  request: { params: runPath, body: jsonBody(z.strictObject({ to: z.number().int().min(1).optional(), dryRun: z.boolean().default(false), reason })) },
  responses: { 200: answer('What is done again', resetResponse) },
});
const unpauseRun = operation({
  operationId: 'unpauseRun', tags, method: 'post', path: '/ops/runs/{id}/unpause',
  summary: 'Let a run go on that somebody has paused as a whole.',
  request: { params: runPath, body: reasonBody }, responses: { 200: answer('Taken', takenResponse) },
});

const idOf = ({ enrollmentId, workflowId }: LocatedRun) => enrollmentId ?? workflowId;

/** What operators see and do; whatever changes something stands in Study's trail before it is done. */
export function operationRoutes(api: Api, { operations, clients }: ApiDeps): void {
  type C = Context<ApiEnv>;
  const wordOf = (c: C, why: string): OperatorsWord => {
    const { id, name, role } = c.var.user;
    return { actor: { id, name, role }, reason: why, requestId: c.var.requestId, key: keyOf(c) };
  };
  const noted = async (c: C, { action, about, why, details }: { action: string; about: string; why: string; details: Record<string, unknown> }) => {
    await clients.study.noteOperation({ ctx: ctxOf(c, why), key: `${keyOf(c)}/${action}`, input: { action, about, details } });
  };

  api.openapi(listStuck, async (c) => c.json(stuckResponse.parse(await operations.listStuck()), 200));
  api.openapi(showRun, async (c) => c.json(runResponse.parse(await operations.show(c.req.valid('param').id)), 200));
  api.openapi(listQueues, async (c) => c.json({ items: z.array(queueResponse).parse(await operations.queues()) }, 200));
  api.openapi(diagnose, async (c) => {
    const checks = await operations.diagnose();
    return c.json(diagnosisResponse.parse({ ok: checks.every(({ ok }) => ok), checks }), 200);
  });

  /** What this request was answered when it came first; without that, what `act` answers, which is kept. */
  const once = async <T extends Record<string, unknown>>(c: C, body: { reason: string }, act: () => Promise<T>): Promise<T> => {
    const key = keyOf(c);
    const asked = { path: c.req.path, body };
    const { answer: known } = await clients.study.getOperationAnswer(readOf(c, { key, asked }));
    if (known) return known as T;
    return (await clients.study.concludeOperation({ ctx: ctxOf(c, body.reason), key, input: { asked, answer: await act() } })).answer as T;
  };

  api.openapi(retryRun, async (c) => {
    const body = c.req.valid('json');
    const taken = await once(c, body, async () => {
      const run = await operations.locate(c.req.valid('param').id);
      await noted(c, { action: 'retry', about: idOf(run), why: body.reason, details: { runId: run.runId } });
      await operations.retry(run, wordOf(c, body.reason));
      return { id: idOf(run), action: 'retry', step: run.stuckStep };
    });
    return c.json(takenResponse.parse(taken), 200);
  });

  api.openapi(startBulkRetry, async (c) => {
    const { dryRun, ...body } = c.req.valid('json');
    const { query, limit, rate, reason: why } = body;
    const none = { done: 0, retried: 0, missed: [] };
    if (dryRun) {
      const runs = await operations.findToRetry(body);
      const items = runs.map((run) => ({ id: idOf(run), step: run.stuckStep, stage: run.stage }));
      return c.json(bulkResponse.parse({ ...none, total: runs.length, bulkId: null, state: 'dry_run', items }), 200);
    }
    const begun = await once(c, body, async () => {
      const bulkId = await bulkIdOf(keyOf(c));
      const runs = await operations.findToRetry(body);
      await noted(c, { action: 'retry_in_bulk', about: bulkId, why, details: { query, limit, rate } });
      const { key: _key, ...word } = wordOf(c, why);
      await operations.startBulk({ bulkId, runs, rate, ...word });
      return { ...none, total: runs.length, bulkId, state: 'running' };
    });
    return c.json(bulkResponse.parse(begun), 202);
  });
  api.openapi(getBulkRetry, async (c) => c.json(bulkResponse.parse(await operations.bulkState(c.req.valid('param').bulkId)), 200));
  api.openapi(stopBulkRetry, async (c) => {
    const { bulkId } = c.req.valid('param');
    await operations.bulkState(bulkId);
    await noted(c, { action: 'stop_bulk_retry', about: bulkId, why: c.req.valid('json').reason, details: {} });
    await operations.stopBulk(bulkId);
    return c.json({ bulkId }, 202);
  });

  api.openapi(controlActivity, async (c) => {
    const { id, activity } = c.req.valid('param');
    const body = c.req.valid('json');
    const taken = await once(c, body, async () => {
      const run = await operations.locate(id);
      await noted(c, { action: `${body.action}_activity`, about: idOf(run), why: body.reason, details: { activity, runId: run.runId } });
      const { activity: step } = await operations.controlActivity(run, { action: body.action, activity, key: keyOf(c) });
      return { id: idOf(run), action: body.action, step };
    });
    return c.json(takenResponse.parse(taken), 200);
  });
  api.openapi(resetRun, async (c) => {
    const { id } = c.req.valid('param');
    const { dryRun, ...body } = c.req.valid('json');
    const planned = async () => {
      const run = await operations.locate(id);
      return { run, plan: await operations.resetPlan(run, body.to) };
    };
    if (dryRun) {
      const { run, plan } = await planned();
      return c.json(resetResponse.parse({ id: idOf(run), dryRun, ...plan, runId: null }), 200);
    }
    const taken = await once(c, body, async () => {
      const { run, plan } = await planned();
      const { toEventId } = plan;
      await noted(c, { action: 'reset_workflow', about: idOf(run), why: body.reason, details: { runId: run.runId, toEventId } });
      return { id: idOf(run), dryRun, ...plan, runId: await operations.reset(run, { toEventId, key: keyOf(c) }) };
    });
    return c.json(resetResponse.parse(taken), 200);
  });
  api.openapi(unpauseRun, async (c) => {
    const body = c.req.valid('json');
    const taken = await once(c, body, async () => {
      const run = await operations.locate(c.req.valid('param').id);
      await noted(c, { action: 'unpause_workflow', about: idOf(run), why: body.reason, details: { runId: run.runId } });
      await operations.unpause(run, { key: keyOf(c) });
      return { id: idOf(run), action: 'unpause', step: null };
    });
    return c.json(takenResponse.parse(taken), 200);
  });
}

/** The same request again has the same bulk: an id made of its key. */
async function bulkIdOf(key: string): Promise<string> {
  const hash = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(`bulk-retry/${key}`))).toString('hex');
  return [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `a${hash.slice(17, 20)}`, hash.slice(20, 32)].join('-');
}
