// Real: the system as one process, upgraded as it is by default: stopped, and started anew with other workflow code.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findStuck } from '../../ops/engine/find-stuck.ts';
import { readStatus } from '../../ops/deploy/status.ts';
import { FaultPlan } from '../faults/fault-plan.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { EARLY, LATE, otherBundle } from './other-version.ts';
import { endOf } from './run-end.ts';
import { parkedWithdrawal, type Waiting, waitingForConsent, waitingInEveryStage, type Waits, waitsOn } from './waiting.ts';

const plan = new FaultPlan();
let at: TestSystem;
let waits: Waits;
let bundle: Awaited<ReturnType<typeof otherBundle>>;
beforeAll(async () => {
  [at, bundle] = await Promise.all([startTestSystem({ interceptors: plan.interceptors }), otherBundle()]);
  waits = await waitsOn(at, plan);
}, 90_000);
afterAll(async () => {
  await at?.stop();
  await bundle?.remove();
}, 60_000);

const status = async () => readStatus({ client: at.system.client, namespace: 'default' });
const ends = async (runs: readonly Waiting[]) => {
  for (const { goOn } of runs) await goOn();
  return Promise.all(runs.map(async ({ workflowId, stage }) => ({ stage, ...(await endOf(at.system.client, workflowId)) })));
};
const each = (runs: readonly Waiting[], end: object) => runs.map(({ stage }) => expect.objectContaining({ stage, failedTasks: [], ...end }));

let rest: Waiting[];
let withdrawals: Waiting[];

it('goes on with what began before there were versions: in every stage, and a short workflow', async () => {
  const begun = await waitingInEveryStage(waits);
  rest = await waitingInEveryStage(waits);
  withdrawals = [await parkedWithdrawal(waits)];
  await expect.poll(async () => status(), { timeout: 10_000 }).toMatchObject({ current: null, versions: [], unversioned: 17, problems: [] });
  await at.restart({ deployment: { buildId: 'one', promote: 'auto' } });
  expect(await ends(begun)).toEqual(each(begun, { version: 'one', outcome: 'active' }));
}, 90_000);

it('goes on with all of it after an upgrade, also with a short workflow pinned to the version that is gone', async () => {
  withdrawals.push(await parkedWithdrawal(waits));
  await expect.poll(async () => status(), { timeout: 10_000 }).toMatchObject({ current: 'one', versions: [{ workers: 1, open: { pinned: 2 } }] });
  await at.restart({ deployment: { buildId: 'two', promote: 'auto' }, workflowBundlePath: bundle.path });
  // Short workflows are on the new version with their next task, and counts may be a second old.
  await expect.poll(async () => status(), { timeout: 10_000 }).toMatchObject({ current: 'two', problems: [] });
  expect(await ends(rest)).toEqual(each(rest, { version: 'two', outcome: 'active', patches: expect.arrayContaining([LATE]) }));
  expect(await ends(withdrawals)).toEqual(each(withdrawals, { version: 'two' }));
}, 90_000);

it('back on the code of before, what has done something new waits unharmed until a version that knows it starts', async () => {
  const newer = await waitingForConsent(waits);
  await at.restart({ deployment: { buildId: 'one', promote: 'auto' } });
  const older = await waitingForConsent(waits);
  expect(await ends([older])).toEqual(each([older], { version: 'one' }));
  await expect.poll(async () => (await status()).problems, { timeout: 10_000 }).toEqual([expect.stringContaining('1 enrollments are held on two, which nobody runs')]);
  // Whatever comes for it meanwhile waits, and is found stuck for that.
  await at.system.client.workflow.getHandle(newer.workflowId).signal('anything');
  const engine = { client: at.system.client, namespace: 'default', clock: () => new Date() };
  const stuck = { kind: 'no_poller', workflowId: newer.workflowId, code: 'version_two' };
  await expect.poll(async () => (await findStuck(engine, { details: true })).cases, { timeout: 45_000, interval: 1000 }).toContainEqual(expect.objectContaining(stuck));
  await at.restart({ deployment: { buildId: 'two', promote: 'auto' }, workflowBundlePath: bundle.path });
  await expect.poll(async () => (await status()).problems, { timeout: 10_000 }).toEqual([]);
  expect(await ends([newer])).toEqual(each([newer], { version: 'two', patches: expect.arrayContaining([EARLY, LATE]) }));
}, 90_000);
