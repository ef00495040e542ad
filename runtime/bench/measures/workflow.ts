import { activitiesOf, type BareSide } from '../bare/worker.ts';
import type { Line } from '../report.ts';
import { median, rounded, throughput } from '../statistics.ts';
import type { BenchStudy } from '../study.ts';
import type { BenchSystem } from '../system.ts';
import type { OurSide } from './ours.ts';

export type Sizes = { unloaded: number; rounds: number; perRound: number; inFlight: number };
type Sides = { at: BenchSystem; study: BenchStudy; ours: OurSide; bare: BareSide; sizes: Sizes; say: (what: string) => void };

/** Ours against bare, in turns, so that whatever else the machine does meets both. Also what one enrollment costs. */
export async function measureWorkflows(sides: Sides): Promise<{ lines: Line[]; bareUnloaded: number[] }> {
  const { study, ours, bare, sizes, say } = sides;
  await warmUp(sides);
  await requireSameGraph(sides);

  say('workflows one by one');
  const unloaded: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (const patientId of await study.register(sizes.unloaded)) {
    unloaded.bare.push(await timed(() => bare.run()));
    unloaded.ours.push(await timed(() => ours.run(patientId)));
  }

  const perSecond: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  const { perRound, inFlight } = sizes;
  say(`workflows at ${inFlight} in flight`);
  for (let round = 0; round < sizes.rounds; round += 1) {
    const patients = await study.register(perRound);
    perSecond.bare.push(await throughput({ count: perRound, inFlight }, () => bare.run()));
    perSecond.ours.push(await throughput({ count: perRound, inFlight }, (index) => ours.run(patients[index] ?? '')));
    say(`round ${round + 1}: bare ${perSecond.bare.at(-1)?.toFixed(1)}, ours ${perSecond.ours.at(-1)?.toFixed(1)} a second`);
  }

  const lines: Line[] = [
    {
      name: 'enrollment against bare workflow, unloaded p50',
      measured: rounded(median(unloaded.ours) / median(unloaded.bare), 2),
      unit: '×',
      bound: { atMost: 1.3 },
      samples: { 'ours ms': unloaded.ours, 'bare ms': unloaded.bare },
    },
    {
      name: `enrollment against bare workflow, throughput at ${inFlight} in flight`,
      measured: rounded(median(perSecond.ours) / median(perSecond.bare), 2),
      unit: '×',
      bound: { atLeast: 0.7 },
      samples: { 'ours per s': perSecond.ours, 'bare per s': perSecond.bare },
    },
    ...(await costOfOne(sides)),
  ];
  return { lines, bareUnloaded: unloaded.bare };
}

/** Connections, caches and compiled code are not what is measured. */
async function warmUp({ study, ours, bare, sizes }: Sides): Promise<void> {
  const patients = await study.register(sizes.inFlight);
  await Promise.all(patients.map((patientId) => ours.run(patientId)));
  await Promise.all(patients.map(() => bare.run()));
}

/** The comparison holds only while both schedule the same activities. Throws when the bare workflow has to follow ours. */
async function requireSameGraph({ at, study, ours, bare }: Sides): Promise<void> {
  const [patientId = ''] = await study.register(1);
  await ours.run(patientId);
  await bare.run();
  const [mine, its] = [await activitiesOf(at.system.client, ours.workflowIdOf(patientId)), await bare.graph()];
  if (mine.join() !== its.join()) {
    throw new Error(`runtime/bench/bare/workflow.ts must have the graph of consentToEnrollment: ${mine.join(', ')}; it has ${its.join(', ')}`);
  }
}

async function costOfOne({ at, study, ours }: Sides): Promise<Line[]> {
  const [patientId = ''] = await study.register(1);
  await ours.run(patientId);
  const { events } = await at.system.client.workflow.getHandle(ours.workflowIdOf(patientId)).fetchHistory();
  const activities = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes).length;
  const workflowTasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes).length;
  const all = events?.length ?? Number.NaN;
  return [
    { name: 'activities per enrollment', measured: activities, unit: '', bound: { atMost: 10 }, samples: {} },
    { name: 'history events per enrollment', measured: all, unit: '', bound: { atMost: 80 }, samples: { 'workflow tasks': [workflowTasks] } },
  ];
}

export async function timed(run: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}
