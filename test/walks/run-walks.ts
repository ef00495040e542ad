import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { FaultPlan } from '../faults/fault-plan.ts';
import { expectInvariants } from '../support/invariants.ts';
import { startTestSystem } from '../support/system.ts';
import { PROTOCOLS, told, type Walk, walks } from './actions.ts';
import { openGroup } from './group.ts';
import { codeOf } from './requests.ts';
import { go } from './steps.ts';
import { type Stage, Walker } from './walker.ts';
import { Workers } from './workers.ts';

/** Only people end a wait: no round begins by itself within a walk. */
const TIMING = { roundMs: 3_600_000 };
/** Real systems are slow: so often it is tried to make a failing cohort smaller, no more, unless `WALK_SHRINKS` says so. */
const SHRINKS = Number(process.env['WALK_SHRINKS'] ?? 4);
const WALKS_PER_PROTOCOL = { min: 2, max: 2 };
/** `WALK_PROTOCOLS=randomised,fleeting` walks these only. */
const NAMES = PROTOCOLS.filter((name) => process.env['WALK_PROTOCOLS']?.split(',').includes(name) ?? true);
export const COHORT = NAMES.length * WALKS_PER_PROTOCOL.max;

/** People who are at the same sites at the same time. */
type Cohort = { tight: boolean; walks: Walk[] }[];

const cohorts: fc.Arbitrary<Cohort> = fc.tuple(
  ...NAMES.map((protocol) => fc.record({ tight: fc.boolean(), walks: fc.array(walks(protocol), { minLength: WALKS_PER_PROTOCOL.min, maxLength: WALKS_PER_PROTOCOL.max }) })),
);

export type Report = { walks: number; restarts: number; visited: Map<string, number>; answers: Map<string, number> };

/** Fixed, so that a change is judged by the same walks as the one before; how they overtake each other differs each time. */
const SEED = '20261124';

/** `WALK_SEED=random` walks where nobody has been; `WALK_SEED=<number>` again where somebody was. */
function seedOf(asked = process.env['WALK_SEED'] ?? SEED): number {
  return asked === 'random' ? randomInt(2 ** 31) : Number(asked);
}

/**
 * Runs so many cohorts, one after the other, on one real system, and prints the seed. `WALK_PATH` (of a failure) goes
 * straight to the cohort that failed.
 */
export async function runWalks({ numCohorts, seed = seedOf(), path = process.env['WALK_PATH'] }: { numCohorts: number; seed?: number; path?: string | undefined }): Promise<Report> {
  console.log(`random walks: WALK_SEED=${seed}${path ? ` WALK_PATH=${path}` : ''}`);
  const plan = new FaultPlan();
  const at = await startTestSystem({ interceptors: plan.interceptors, timing: TIMING });
  const workers = new Workers(at);
  const stage: Stage = { at, plan, workers };
  const report: Report = { walks: 0, restarts: 0, visited: new Map(), answers: new Map() };
  const known = new Set<string>();
  let [failures, tries] = [0, 0];
  const property = fc.asyncProperty(cohorts, async (cohort) => {
    // Bounded shrinking: fast-check takes what is not tried any more for good, and stays with what failed last.
    if (failures > 0 && (tries += 1) > SHRINKS) return;
    try {
      await together(stage, cohort, report);
      await expectInvariants(at, { known });
    } catch (error) {
      failures += 1;
      // Said at once: a smaller cohort that is looked for afterwards may take longer than there is time.
      console.log(`a cohort failed (${failures}): ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  });
  try {
    const result = await fc.check(property, { seed, numRuns: numCohorts, ...(path ? { path, endOnFailure: true } : {}) });
    report.restarts = workers.times;
    console.log(summaryOf(report));
    if (result.failed) throw new Error(replayable(result));
    return report;
  } finally {
    await at.stop();
  }
}

async function together(stage: Stage, cohort: Cohort, report: Report): Promise<void> {
  const walkers = (await Promise.all(cohort.map(async ({ tight, walks: ways }) => {
    const [first] = ways;
    if (!first) return [];
    const group = await openGroup(stage.at, { name: first.protocol, cap: tight ? Math.max(1, ways.length - 1) : null });
    return ways.map((walk) => new Walker(stage, group, walk));
  }))).flat();
  const failed = (await Promise.all(walkers.map(async (walker) => {
    report.walks += 1;
    try {
      await go(walker);
      return [];
    } catch (error) {
      // What is wrong first: the end of a long message may be cut off.
      return [`${error instanceof Error ? error.message : String(error)}\nat the end of ${headOf(walker.walk)}\n${walker.trace.join('\n')}\n(enrollment ${walker.person?.enrollmentId})`];
    } finally {
      walker.mend();
      for (const where of walker.visited) report.visited.set(where, (report.visited.get(where) ?? 0) + 1);
      for (const { request: { sent }, reply } of walker.log) {
        const answer = `${sent.message.kind} ${reply.status} ${codeOf(reply)}`.trimEnd();
        report.answers.set(answer, (report.answers.get(answer) ?? 0) + 1);
      }
    }
  }))).flat();
  if (failed.length > 0) throw new Error(failed.join('\n\n'));
}

function headOf({ actions, ...walk }: Walk): string {
  return `a walk of ${actions.length} actions, ${JSON.stringify(walk)}:`;
}

function replayable({ seed, counterexamplePath, counterexample, errorInstance, numShrinks }: fc.RunDetails<[Cohort]>): string {
  const [cohort = []] = counterexample ?? [];
  const lines = cohort.flatMap(({ tight, walks: ways }) => ways.flatMap((walk) => [`${tight ? 'a tight cap, ' : ''}${headOf(walk)}`, ...walk.actions.map((action) => `  ${told(action)}`)]));
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return `a walk came to something that is not legal: ${why}\n\nReplay: WALK_SEED=${seed} WALK_PATH=${counterexamplePath ?? ''} node test/run.mjs test/walks\n\nThe cohort, after ${numShrinks} shrinks:\n${lines.join('\n')}`;
}

/** Where the walks have come to rest, how many of them, and what was answered how often: what they have not seen they have not proved. */
function summaryOf({ walks: count, restarts, visited, answers }: Report): string {
  const places = [...visited].toSorted(([, a], [, b]) => b - a).map(([where, times]) => `${where} ${times}`);
  const replies = [...answers].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([answer, times]) => `${answer} ${times}`);
  return `${count} walks, ${restarts} restarts; at rest at: ${places.join(', ')}\nanswered: ${replies.join(', ')}`;
}
