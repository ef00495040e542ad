// Real: the whole system, Temporal, the watch's schedule, mail, and the command line as processes. Broken: workers, code.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTemporal } from '../../runtime/embedded/temporal.ts';
import { QUEUES } from '../../runtime/workers.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import { directStudy, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { chapter } from './chapters.ts';
import { found, over, runs, type RunbookBench, seen, startRunbookBench } from './bench.ts';

let bench: RunbookBench;
beforeAll(async () => {
  // Pausing a run as a whole is off in Temporal's server, unless it is asked for.
  const temporal = await startTemporal({ searchAttributes: REQUIRED_SEARCH_ATTRIBUTES, settings: ['frontend.WorkflowPauseEnabled=true'] });
  bench = await startRunbookBench({ temporal });
}, 120_000);
afterAll(() => bench.stop());

describe('the runbook finds, shows and heals', () => {
  it('a run that is held as a whole', async () => {
    const { run, study } = await waiting(SCREENED_PROTOCOL);
    const workflowId = workflowIdOf({ studyCode: study.studyCode, patientId: run.patientId });
    await bench.at.system.client.workflowService.pauseWorkflowExecution({ namespace: 'default', workflowId, identity: 'somebody', reason: 'looking into it', requestId: 'p1' });
    const { subject } = await found(bench, 'workflow_paused', run);
    await seen(bench, 'workflow_paused', { ID: run.enrollmentId });
    await runs(bench, chapter('workflow_paused').heal, { ID: run.enrollmentId });
    expect((await study.withdraw(run.enrollmentId)).status).toBe(200);
    await over(bench, chapter('workflow_paused'), { subject, values: { ID: run.enrollmentId }, toldBy: 'watch' });
  }, 120_000);

  it('a queue that nobody polls, and the deadline that passes meanwhile', async () => {
    const { run, study } = await waiting({ ...SCREENED_PROTOCOL, criteria: [], screening: undefined, eligibilitySignature: { reminder: 'PT10S', expiry: 'PT12S' } }, 'eligibility');
    await bench.at.restart({ queues: QUEUES.filter((queue) => queue !== 'enrollment') });
    const queue = await found(bench, 'no_poller', { step: 'enrollment' });
    const { code, out } = await bench.ops(['--json', 'queues']);
    expect({ code, states: JSON.stringify((JSON.parse(out) as { items: object[] }).items) }).toMatchObject({ code: 1, states: expect.stringContaining('no_poller') });
    await seen(bench, 'no_poller', { ID: 'enrollment' });
    const { subject } = await found(bench, 'timer_overdue', run);
    await seen(bench, 'timer_overdue', { ID: run.enrollmentId });
    // The runbook's "start it".
    await bench.at.restart({});
    await study.until(run.enrollmentId, ({ outcome }) => outcome === 'expired');
    await over(bench, chapter('timer_overdue'), { subject, values: { ID: run.enrollmentId }, toldBy: 'watch' });
    await over(bench, chapter('no_poller'), { subject: queue.subject, values: {}, toldBy: 'watch' });
  }, 240_000);

  it('workflow code that fails', async () => {
    const { run, study } = await waiting(SCREENED_PROTOCOL);
    const broken = await brokenBundle();
    try {
      await bench.at.restart({ workflowBundlePath: broken.path });
      // Whatever comes next meets the broken code: here an operator's look.
      void bench.ops(['show', run.enrollmentId]);
      void study.screen(run.enrollmentId);
      const { subject } = await found(bench, 'workflow_task_failing', run);
      await seen(bench, 'workflow_task_failing', { ID: run.enrollmentId });
      // The runbook's "start the former release".
      await bench.at.restart({});
      await study.until(run.enrollmentId, ({ awaiting }) => awaiting?.what === 'eligibility', 30_000);
      await over(bench, chapter('workflow_task_failing'), { subject, values: { ID: run.enrollmentId }, toldBy: 'watch' });
    } finally {
      await broken.remove();
    }
  }, 240_000);
});

/** An enrollment that waits for somebody. */
async function waiting(protocol: Record<string, unknown>, what = 'screening_results') {
  const study = await directStudy(bench.at, { protocol });
  const patientId = await study.register();
  const { body } = await study.enrol(patientId);
  await study.until(body.enrollmentId, ({ awaiting }) => awaiting?.what === what);
  return { study, run: { enrollmentId: body.enrollmentId, patientId } };
}

/** The workflow code with a mistake in it: results that arrive are met by a plain Error. */
async function brokenBundle() {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const dir = await mkdtemp(join(root, '.cache', 'broken-workflows-'));
  await cp(join(root, 'workflows'), join(dir, 'workflows'), { recursive: true });
  const file = join(dir, 'workflows', 'consent-to-enrollment', 'requests.ts');
  const text = await readFile(file, 'utf8');
  const mended = text.replace(/(\n {2}post\([^\n]*\{\n)/, "$1    if (Date.now() > 0) throw new Error('a mistake in workflow code');\n");
  expect(mended).not.toBe(text);
  await writeFile(file, mended);
  const silent = () => undefined;
  const logger = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(dir, 'workflows', 'index.ts'), failureConverterPath: join(dir, 'workflows', 'failure-converter.ts'), logger });
  const path = join(await mkdtemp(join(tmpdir(), 'broken-bundle-')), 'bundle.js');
  await writeFile(path, code);
  return { path, remove: () => rm(dir, { recursive: true, force: true }) };
}
