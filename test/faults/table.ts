import type { ServiceName } from '../../db/provision.ts';
import { type StepName, STEPS } from '../../workflows/consent-to-enrollment/steps.ts';

export const FAULTS = [
  'fails for ever',
  'takes effect, but every answer is lost',
  'the connection breaks after COMMIT, before the answer',
  'the answer comes later than the time-out',
  'the worker is killed with SIGKILL after the commit',
  'the late attempt commits after its compensation',
] as const;
export type FaultName = (typeof FAULTS)[number];

export type Step = {
  name: StepName;
  activity: string;
  service: ServiceName;
  /** `kept`: never undone. `after`: past the pivot, forward only. */
  side: 'kept' | 'before' | 'pivot' | 'after';
  undo?: string;
  skippable?: boolean;
  /** Only in protocols like this. */
  protocol?: 'randomises';
};

/** `heals`: by itself. Otherwise the step parks, and an operator says this; `abort` past the pivot is refused first. */
export type Resolved = 'heals' | 'retry' | 'skip' | 'abort';
export type Row = { step: Step; fault: FaultName; resolved: Resolved; outcome: 'active' | 'voided'; title: string };

export const ALL_STEPS: Step[] = Object.entries(STEPS).map(([name, step]) => ({ name: name as StepName, ...step }));

/** The rows of all steps: made from the list of steps, so that a new one gets its rows with its entry. */
export const TABLE: Row[] = ALL_STEPS.flatMap((step) => FAULTS.flatMap((fault) => rowsOf(step, fault)));

function rowsOf(step: Step, fault: FaultName): Row[] {
  return resolutions(step, fault).map((resolved) => {
    const outcome = resolved === 'abort' && step.side !== 'after' ? 'voided' : 'active';
    const then = resolved === 'heals' ? 'heals by itself' : `parks; ${resolved}${step.side === 'after' && resolved === 'abort' ? ' is refused, retry heals' : ''}`;
    return { step, fault, resolved, outcome, title: `${step.name} (${step.activity}): ${fault} → ${then} → ${outcome}` };
  });
}

function resolutions(step: Step, fault: FaultName): Resolved[] {
  switch (fault) {
    case 'fails for ever':
      return ['retry', 'abort', ...(step.skippable ? (['skip'] as const) : [])];
    // What was done without our knowing is undone; past the pivot, or settled as past it, there is only forward.
    case 'takes effect, but every answer is lost':
      return [step.side === 'pivot' ? 'heals' : step.side === 'after' ? 'retry' : 'abort'];
    case 'the late attempt commits after its compensation':
      return [step.side === 'after' ? 'retry' : 'abort'];
    default:
      return ['heals'];
  }
}

/** The pivot of the protocols in which this step stands. */
export function pivotOf({ protocol }: Step): Step {
  const pivot = ALL_STEPS.find((step) => step.side === 'pivot' && step.protocol === protocol);
  if (!pivot) throw new Error('a protocol without a pivot');
  return pivot;
}

/** A pivot is only settled, and a place that was confirmed ahead of one is taken back, as soon as it has not come about. */
export function undoneAtOnce({ side, undo }: Step): boolean {
  return side === 'pivot' || undo === STEPS.confirming.undo;
}

/** The compensations, and what settles the pivot. */
export const UNDOS = ALL_STEPS.flatMap((step) => (step.undo === undefined ? [] : [{ step, undo: step.undo }]));
export const UNDO_FAULTS = ['fails for ever until an operator says retry', 'fails for ever until the next round', 'its answer is lost after COMMIT'] as const;
export type UndoFault = (typeof UNDO_FAULTS)[number];
export const UNDO_TABLE = UNDOS.flatMap(({ step, undo }) => UNDO_FAULTS.map((fault) => ({ step, undo, fault, title: `${undo} (of ${step.name}): ${fault}` })));
export type UndoRow = (typeof UNDO_TABLE)[number];

/** Activities of the workflow that are no steps of the straight way, with the service that carries them out. */
export const DETOURS = { logDeviation: 'study', invalidateEligibility: 'study', settleStep: 'study', stopDataCollection: 'edc', freeSlot: 'site', recordProgress: 'study' } as const satisfies Record<string, ServiceName>;
export type Detour = keyof typeof DETOURS;
export const DETOUR_FAULTS = ['fails for ever', 'the connection breaks after COMMIT, before the answer'] as const;
export const DETOUR_TABLE = (Object.keys(DETOURS) as Detour[]).flatMap((activity) =>
  DETOUR_FAULTS.map((fault) => ({ activity, service: DETOURS[activity], fault, title: `${activity}: ${fault}` })),
);
export type DetourRow = (typeof DETOUR_TABLE)[number];
