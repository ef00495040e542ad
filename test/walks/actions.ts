import fc from 'fast-check';
import type { Message } from './answers.ts';
import type { FaultMode } from './state.ts';

/** One step of a walk. What is said in one step is said at the same moment. */
export type Action =
  /** What the run waits for, and beside it whatever else. */
  | { do: 'advance'; beside: Message[] }
  | { do: 'send'; messages: Message[] }
  /** A new version of the consent form at the site, and beside it whatever else. */
  | { do: 'amend'; concerns: 'all' | 'new'; messages: Message[] }
  | { do: 'break'; activity: string; mode: FaultMode }
  | { do: 'mend' }
  /** On the way it meets a step that fails, and waits for an operator there; then this is said at the same moment. */
  | { do: 'park'; activity: string; mode: FaultMode; said: Message[] }
  /** A message whose step fails until an operator is asked; then this is said. */
  | { do: 'ask-into-fault'; mode: FaultMode; evaluation: boolean; said: 'retry' | 'withdrawal' | 'abort' }
  | { do: 'repeat'; which: number; content: 'same' | 'other' }
  /** Until the place has been given back by its time to live, where it has one that short; longer: somebody else may take it. */
  | { do: 'lapse'; longer: boolean }
  | { do: 'restart'; away: boolean }
  | { do: 'rescreen'; following: boolean };

export const PROTOCOLS = ['direct', 'screened', 'signed', 'short', 'hasty', 'randomised', 'fleeting'] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];

/** One person's way, and how it is ended when nothing else has. */
export type Walk = {
  protocol: ProtocolName;
  reads: boolean;
  /** The version that was signed: the site's first, the newest one, or one that was never approved. */
  consent: 'first' | 'newest' | 'outdated';
  /** Milliseconds until the screening window ends; null: weeks. */
  windowLeft: number | null;
  /** The consent can't be recorded at first. */
  stuckAtOnce: boolean;
  /** The first action doesn't wait for the run to come to rest. */
  eager: boolean;
  actions: Action[];
  ending: 'withdrawal' | 'abort' | 'deadline';
};

/** Of these, arms; the place of `fleeting` is given back after a second, and by a withdrawal after the end. */
const RANDOMISES: readonly ProtocolName[] = ['randomised', 'fleeting'];

const ACTIVITIES = [
  'openEnrollment', 'openScreening', 'reserveSlot', 'enrollParticipant', 'openCasebook', 'startEpro', 'confirmSlot', 'sendNotice',
  'recordOutcome', 'stopDataCollection', 'cancelOpening', 'closeScreening', 'releaseSlot', 'voidEnrolling', 'closeCasebook', 'stopEpro', 'settle',
];
/** A pair stands for two that fail together (walker.ts). */
const RANDOMISING = ['confirmSlot', 'unconfirmSlot', 'randomiseParticipant', 'randomiseParticipant', 'settle-randomisation', 'take-back'];
/** Undoing, and what is answered by the record alone, is only made to fail: taking effect twice is what their keys are for. */
const MAY_LOSE = ['openEnrollment', 'openScreening', 'reserveSlot', 'enrollParticipant', 'openCasebook', 'startEpro', 'confirmSlot', 'releaseSlot', 'voidEnrolling', 'closeCasebook', 'settle', 'unconfirmSlot', 'randomiseParticipant', 'settle-randomisation'];

const scope = fc.constantFrom('interventions' as const, 'all_data_collection' as const, 'samples' as const);
const result = fc.record({ item: fc.constantFrom('AGE' as const, 'EGFR' as const), good: fc.nat(9).map((n) => n > 0) });

const strata = fc.constantFrom('right' as const, 'wrong' as const);

const request: fc.Arbitrary<Message> = fc.record({ kind: fc.constant('randomisation' as const), strata });
const messageOf = (randomises: boolean): fc.Arbitrary<Message> => fc.oneof(
  { weight: randomises ? 8 : 1, arbitrary: request },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('results' as const), values: fc.uniqueArray(result, { minLength: 1, maxLength: 2, selector: (one) => one.item }), reason: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('decision' as const),
      decision: fc.constantFrom('eligible' as const, 'eligible' as const, 'not_eligible' as const),
      by: fc.constantFrom('doctor' as const, 'doctor' as const, 'doctor' as const, 'undelegated' as const, 'coordinator' as const),
      sha256: fc.constantFrom('none' as const, 'none' as const, 'seen' as const, 'other' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('invalidation' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('reconsent' as const), how: fc.constantFrom('current' as const, 'current' as const, 'outdated' as const, 'undelegated' as const, 'unwitnessed' as const, 'declined' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('withdrawal' as const), scope }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('resolve' as const), action: fc.constantFrom('retry' as const, 'retry' as const, 'skip' as const, 'abort' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('enrol' as const), content: fc.constantFrom('same' as const, 'same' as const, 'other' as const), key: fc.constantFrom('same' as const, 'other' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stranger' as const) }) },
  { weight: randomises ? 14 : 1, arbitrary: fc.record({ kind: fc.constantFrom('code-break' as const, 'code-break' as const, 'unblinding' as const) }) },
);
const besideOf = (message: fc.Arbitrary<Message>) => fc.oneof({ weight: 3, arbitrary: fc.constant<Message[]>([]) }, { weight: 2, arbitrary: fc.array(message, { minLength: 1, maxLength: 2 }) });

const breakingOf = (randomises: boolean): fc.Arbitrary<Action> => fc.tuple(fc.constantFrom(...ACTIVITIES, ...(randomises ? [...RANDOMISING, 'freeSlot'] : [])), fc.boolean()).map(([activity, loses]) => ({
  do: 'break', activity, mode: loses && MAY_LOSE.includes(activity) ? 'loses' : 'fails',
}));

const PARKING = ['reserveSlot', 'enrollParticipant', 'openCasebook', 'openCasebook', 'startEpro', 'confirmSlot', 'settle', 'sendNotice', 'recordOutcome'];
const endingOf = (message: fc.Arbitrary<Message>): fc.Arbitrary<Message> => fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('withdrawal' as const), scope }) },
  { weight: 2, arbitrary: fc.constant<Message>({ kind: 'resolve', action: 'abort' }) },
  { weight: 2, arbitrary: fc.constant<Message>({ kind: 'invalidation' }) },
  { weight: 2, arbitrary: fc.constant<Message>({ kind: 'resolve', action: 'retry' }) },
  { weight: 2, arbitrary: message },
);
const parkingOf = (randomises: boolean, message: fc.Arbitrary<Message>): fc.Arbitrary<Action> => fc.tuple(fc.constantFrom(...PARKING, ...(randomises ? [...RANDOMISING, ...RANDOMISING] : [])), fc.boolean(), fc.array(endingOf(message), { minLength: 1, maxLength: 3 })).map(([activity, loses, words]) => ({
  do: 'park', activity, mode: loses && MAY_LOSE.includes(activity) ? 'loses' : 'fails', said: words,
}));

function actionOf(randomises: boolean): fc.Arbitrary<Action> {
  const message = messageOf(randomises);
  const beside = besideOf(message);
  const asking = fc.tuple(request, beside).map(([first, more]): Action => ({ do: 'send', messages: [first, ...more] }));
  return fc.oneof(
    { weight: randomises ? 20 : 0, arbitrary: asking },
    { weight: 40, arbitrary: fc.record({ do: fc.constant('advance' as const), beside }) },
    { weight: 18, arbitrary: fc.record({ do: fc.constant('send' as const), messages: fc.array(message, { minLength: 1, maxLength: 3 }) }) },
    { weight: 14, arbitrary: parkingOf(randomises, message) },
    { weight: 10, arbitrary: breakingOf(randomises) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('mend' as const) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('amend' as const), concerns: fc.constantFrom('all' as const, 'all' as const, 'new' as const), messages: beside }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask-into-fault' as const), mode: fc.constantFrom('fails' as const, 'loses' as const), evaluation: fc.boolean(), said: fc.constantFrom('retry' as const, 'retry' as const, 'withdrawal' as const, 'abort' as const) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('repeat' as const), which: fc.nat(9), content: fc.constantFrom('same' as const, 'same' as const, 'other' as const) }) },
    { weight: randomises ? 8 : 2, arbitrary: fc.record({ do: fc.constant('lapse' as const), longer: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), away: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('rescreen' as const), following: fc.boolean() }) },
  );
}

/** The randomisation comes late: most walks of protocols with arms go there first. */
function actionsOf(randomises: boolean): fc.Arbitrary<Action[]> {
  const advance: Action = { do: 'advance', beside: [] };
  const lapse: Action = { do: 'lapse', longer: true };
  const straight = fc.constantFrom<Action[]>([advance, advance], [advance, advance, lapse], [advance, lapse, advance, advance]);
  const some = fc.array(actionOf(randomises), { minLength: 3, maxLength: 9, size: 'max' });
  return randomises ? fc.tuple(fc.nat(3), straight, some).map(([way, first, more]) => (way > 0 ? [...first, ...more] : more)) : some;
}

const rarely = (one: number) => fc.nat(one - 1).map((n) => n === 0);

export const walks = (protocol: ProtocolName): fc.Arbitrary<Walk> =>
  fc.record({
    protocol: fc.constant(protocol),
    reads: fc.nat(3).map((n) => n > 0),
    consent: fc.constantFrom('first', 'first', 'newest', 'newest', 'outdated'),
    windowLeft: rarely(12).chain((ends) => (ends ? fc.integer({ min: 500, max: 4000 }) : fc.constant(null))),
    stuckAtOnce: rarely(20),
    eager: fc.boolean(),
    actions: actionsOf(RANDOMISES.includes(protocol)),
    ending: fc.constantFrom('withdrawal', 'abort', 'deadline'),
  });

/** For a report: an action a line. */
export function told({ do: what, ...more }: Action): string {
  return `${what} ${JSON.stringify(more)}`;
}
