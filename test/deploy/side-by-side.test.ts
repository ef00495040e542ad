// Real: the system with its workers at one version of the workflow code, and a worker of other code beside it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rolledBack } from '../../ops/deploy/rolled-back.ts';
import { readStatus } from '../../ops/deploy/status.ts';
import { changeRouting } from '../../runtime/deployment/change-routing.ts';
import { readRouting, type Routing } from '../../runtime/deployment/routing.ts';
import { FaultPlan } from '../faults/fault-plan.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { EARLY, LATE, otherBundle, startVersion } from './other-version.ts';
import { endOf } from './run-end.ts';
import { parkedWithdrawal, type Waiting, waitingForConsent, waitingInEveryStage, type Waits, waitsOn } from './waiting.ts';

const plan = new FaultPlan();
let at: TestSystem;
let waits: Waits;
let bundle: Awaited<ReturnType<typeof otherBundle>>;
let stopB: () => Promise<void>;
beforeAll(async () => {
  [at, bundle] = await Promise.all([
    startTestSystem({ interceptors: plan.interceptors, deployment: { buildId: 'A', promote: 'manual' } }),
    otherBundle(),
  ]);
  waits = await waitsOn(at, plan);
}, 90_000);
afterAll(async () => {
  await stopB?.();
  await at?.stop();
  await bundle?.remove();
}, 60_000);

const server = () => ({ client: at.system.client, namespace: 'default' });
const routing = async (): Promise<Routing> => (await readRouting(server()))!;
const change = async (wanted: (now: Routing) => { current: string | null; ramping: Routing['ramping'] } | undefined) => {
  const now = await routing();
  const { current, ramping } = wanted(now)!;
  return changeRouting(server(), { current: current!, ramping }, { routing: now, identity: 'test' });
};
const ends = async (runs: readonly Waiting[]) => {
  for (const { goOn } of runs) await goOn();
  return Promise.all(runs.map(async ({ workflowId, stage }) => ({ stage, ...(await endOf(at.system.client, workflowId)) })));
};
const each = (runs: readonly Waiting[], end: object) => runs.map(({ stage }) => expect.objectContaining({ stage, ...end }));
const onB = { version: 'B', failedTasks: [], outcome: 'active' };
const onA = { version: 'A', failedTasks: [], outcome: 'active', patches: expect.not.arrayContaining([EARLY, LATE]) };

let movedToB: Waiting[];
let backOnA: Waiting[];
let begunOnB: Waiting[];
let withdrawal: Waiting;

it('the first version becomes current by itself, the next one waits to be promoted', async () => {
  [movedToB, backOnA] = [await waitingInEveryStage(waits), await waitingInEveryStage(waits)];
  withdrawal = await parkedWithdrawal(waits);
  stopB = await startVersion(at, { buildId: 'B', bundlePath: bundle.path });
  await expect.poll(async () => readStatus(server()), { timeout: 10_000 }).toMatchObject({
    current: 'A',
    problems: [],
    versions: [
      { buildId: 'B', status: 'inactive', workers: 1, open: { enrollments: 0, pinned: 0, held: 0 } },
      { buildId: 'A', status: 'current', workers: 1, open: { enrollments: 16, pinned: 1, held: 0 } },
    ],
  });
}, 60_000);

it('promoted: enrollments waiting in every stage go to their end on it, a short workflow on the version it began on, which drains', async () => {
  expect(await change(() => ({ current: 'B', ramping: null }))).toEqual({ held: 0, released: 0 });
  expect(await ends(movedToB)).toEqual(each(movedToB, { ...onB, patches: expect.arrayContaining([LATE]) }));
  expect((await readStatus(server())).versions.find(({ buildId }) => buildId === 'A')).toMatchObject({ status: 'draining', open: { pinned: 1 } });
  expect(await ends([withdrawal])).toEqual([expect.objectContaining({ version: 'A', failedTasks: [] })]);
  begunOnB = await waitingInEveryStage(waits);
}, 60_000);

it('rolled back: what B has only been promoted over goes on with A; what has done something new stays with B and ends there', async () => {
  expect(await change((now) => rolledBack(now))).toEqual({ held: 8, released: 0 });
  expect((await routing()).current).toBe('A');
  expect((await readStatus(server())).versions.find(({ buildId }) => buildId === 'B')).toMatchObject({ open: { enrollments: 8, held: 8 } });
  const onHold = begunOnB.slice(0, 4);
  const [a, b] = await Promise.all([ends(backOnA), ends(onHold)]);
  expect(a).toEqual(each(backOnA, onA));
  expect(b).toEqual(each(onHold, { ...onB, patches: expect.arrayContaining([EARLY, LATE]) }));
}, 60_000);

it('ramped: a part begins on it and stays with it when the ramp is taken back; once promoted, those that were held move again', async () => {
  await change(({ current }) => ({ current, ramping: { buildId: 'B', percent: 50 } }));
  const runs: Waiting[] = [];
  const versionsOf = async () => Promise.all(runs.map(async ({ workflowId }) => (await endOf(at.system.client, workflowId, { open: true })).version));
  // By the hash of the workflow id.
  for (let look = 0; look < 10 && new Set(await versionsOf()).size < 2; look += 1) runs.push(...(await Promise.all(Array.from({ length: 4 }, async () => waitingForConsent(waits)))));
  const versions = await versionsOf();
  expect(new Set(versions)).toEqual(new Set(['A', 'B']));
  expect(await readStatus(server())).toMatchObject({ current: 'A', ramping: { buildId: 'B', percent: 50 }, problems: [] });

  const { held } = await change((now) => rolledBack(now));
  expect(await routing()).toMatchObject({ current: 'A', ramping: null });
  expect(held).toBe(versions.filter((version) => version === 'B').length);
  const half = runs.filter((_, index) => index % 2 === 0);
  expect((await ends(half)).map(({ version, failedTasks }) => [version, failedTasks])).toEqual(versions.filter((_, index) => index % 2 === 0).map((version) => [version, []]));

  const { released } = await change(() => ({ current: 'B', ramping: null }));
  const rest = [...runs.filter((_, index) => index % 2 === 1), ...begunOnB.slice(4)];
  expect(released).toBe(4 + versions.filter((version, index) => version === 'B' && index % 2 === 1).length);
  expect(await ends(rest)).toEqual(each(rest, onB));
  expect((await readStatus(server())).versions.map(({ open }) => open)).toEqual([{ enrollments: 0, pinned: 0, held: 0 }, { enrollments: 0, pinned: 0, held: 0 }]);
}, 90_000);
