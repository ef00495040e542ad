import type { Outcome, Stage, WithdrawalScope } from '../../workflows/consent-to-enrollment/types.ts';

/** Where a run stands, between two things that can be seen of it from outside. */
export type Place =
  | 'recording-consent' | 'validating' | 'opening' | 'forms' | 'evaluating' | 'deciding' | 'signing-held' | 'reserving' | 'enrolling'
  | 'giving-back' | 'enrolling-held' | 'collecting' | 'confirming' | 'settling' | 'confirming-held' | 'taking-back'
  // Where the protocol randomises, instead of confirming alone.
  | 'awaiting-randomisation' | 'confirming-ahead' | 'randomising' | 'settling-randomisation' | 'unconfirming' | 'trying-again' | 'randomising-held'
  | 'telling' | 'recording' | 'withdrawing' | 'undoing' | 'concluding' | 'telling-end' | 'ended';

/** What is taken of people at the moment; a code where nothing is. */
export type Desk =
  | 'queue' | 'open' | 'invalidation' | 'none' | 'awaiting_consent' | 'screening_closed' | 'not_decided' | 'too_late' | 'closing';

export type Interruption =
  | { kind: 'expiry'; reason: string }
  | { kind: 'abort' }
  | { kind: 'withdrawal'; scope: WithdrawalScope };

/** The site's request for the randomisation: being done, or answered so, which its sender has not been told yet. */
export type Served = { strata: 'right' | 'wrong' } | { status: number; code: string | null };

/** The model of one enrollment. A value: what comes next is another one. */
export type State = {
  place: Place;
  stage: Stage;
  /** The step that waits for an operator. */
  parked: string | null;
  /** A word of an operator on this step has been taken, and the run has not gone on yet. */
  unparked: string | null;
  desk: Desk;
  interruption: Interruption | null;
  /** A message was answered as overtaken by an interruption: one must come. */
  doomed: boolean;
  outcome: Outcome | null;
  /** What the steps have come to, while it is undone or recorded. */
  reached: Outcome | null;
  scope: WithdrawalScope | null;
  /** Index of the consent version signed last; -1 for one that the site never approved. */
  consent: number;
  declined: boolean;
  /** By item: is the value good? */
  results: { AGE?: boolean; EGFR?: boolean };
  /** How often entries changed: what is signed is bound to them. */
  entries: number;
  evaluated: boolean;
  /** Digests that a signer may have seen since this step of the walk began. */
  seen: string[];
  signed: boolean;
  /** How often a signature was asked for anew: bounds of the mails about it. */
  asked: number;
  enrolled: boolean;
  pastPivot: boolean;
  /** What is undone if it comes to that, in the order of its steps. */
  registered: string[];
  /** Of a step that took effect and lost its answer: `enrolled`, or the place where it is held. */
  lost: string | null;
  /** After `reserving` and `giving-back`. */
  onto: Place | null;
  collected: string[];
  served: Served | null;
  /** The place was given back while the randomisation is awaited, and is reserved anew before. */
  placeless: boolean;
  /** The wait that ends by itself, not before this time. */
  expires: { from: number; reason: string } | null;
  noticesSkipped: boolean;
  /** Notices that could not be sent beside the way, and how many of them are shown to operators by now. */
  asides: { failing: number; shown: number };
};

export type FaultMode = 'fails' | 'loses';

export type Rules = {
  screens: boolean;
  signs: boolean;
  randomises: boolean;
  /** A withdrawal past the pivot gives the place back. */
  frees: boolean;
  /** The slot's time to live may end within a walk. */
  lapses: boolean;
  /** Milliseconds; null: far beyond a walk. */
  signatureExpiryMs: number | null;
  reconsentMs: number | null;
};

/** What surrounds an enrollment during one step of a walk. */
export type Surroundings = {
  rules: Rules;
  faults: ReadonlyMap<string, FaultMode>;
  /** Consent versions of the site by index: in force since before the step, and the newest that may be by its end. */
  versions: { certain: number; possible: number };
  /** Which of them concern who has signed an older one. */
  concernsAll(version: number): boolean;
  /** Somebody else could have the last place. */
  mayBeFull: boolean;
  /** Milliseconds: when the step began, and now. */
  from: number;
  now: number;
  windowEndsAt: number | null;
  /** May two renewed consents meet in this step? */
  consentsMeet: boolean;
  /** May two requests for the randomisation? One that queued is refused for what came first. */
  randomisationsMeet: boolean;
  /** Was anything taken when the step began? What still queued is refused when that ends. */
  deskWasOpen: boolean;
};

export const UNDO_ACTIVITY: Record<string, string> = {
  opening: 'cancelOpening', screening: 'closeScreening', slot: 'releaseSlot', enrolling: 'voidEnrolling', casebook: 'closeCasebook', epro: 'stopEpro', confirming: 'unconfirmSlot',
};

export const NO_ASIDES = { failing: 0, shown: 0 };

export function begun(rules: Rules, consent: number): State {
  return {
    place: 'recording-consent', stage: 'consent', parked: null, unparked: null, desk: rules.screens ? 'queue' : 'none', interruption: null, doomed: false,
    outcome: null, reached: null, scope: null, consent, declined: false, results: {}, entries: 0, evaluated: false, seen: [], signed: false,
    asked: 0, enrolled: false, pastPivot: false, registered: [], lost: null, onto: null, collected: [], served: null, placeless: false, expires: null, noticesSkipped: false,
    asides: NO_ASIDES,
  };
}

export type Verdict = 'met' | 'failed' | 'incomplete';

export function verdictOf({ results: { AGE, EGFR } }: State): Verdict {
  if (AGE === undefined || EGFR === undefined) return 'incomplete';
  return AGE && EGFR ? 'met' : 'failed';
}

/** What a signature is bound to, as far as it can change: the consent version and the values. */
export function digestOf(state: State): string | null {
  return state.evaluated ? `${state.consent}/${state.entries}` : null;
}

export const NOT_EVALUATED = 'not evaluated';

export const HELD: readonly Place[] = ['validating', 'signing-held', 'enrolling-held', 'confirming-held', 'randomising-held'];

/** What operators are shown first: a notice that failed beside the way has always waited longer than the step that it is beside. */
export function stuckStepOf({ asides, parked }: State): string | null {
  return asides.shown > 0 ? 'notices' : parked;
}

/** Is a request for the randomisation being done? Its sender waits as long. */
export function isServing({ served }: State): boolean {
  return served !== null && 'strata' in served;
}

/** Who is awaited in a state at rest. */
export function awaitedIn(state: State, rules: Rules): string | null {
  // It stays awaited while it is being done, for whoever looks.
  if (state.place === 'awaiting-randomisation' || isServing(state)) return 'randomisation';
  if (state.parked) return null;
  if (HELD.includes(state.place)) return state.declined ? 'decision' : 'consent';
  if (state.place !== 'deciding') return null;
  return rules.signs && verdictOf(state) === 'met' ? 'eligibility' : 'screening_results';
}

/** FHIR R4 code of a stage or an outcome (domain.md, "States and codes"). */
export function statusOf({ stage, outcome, scope }: Pick<State, 'stage' | 'outcome' | 'scope'>): string {
  switch (outcome) {
    case null:
      return { consent: 'candidate', screening: 'screening', eligibility: 'screening', slot: 'eligible', enrollment: 'pending-on-study', casebook: 'pending-on-study', randomisation: 'pending-on-study', activation: 'on-study' }[stage];
    case 'active':
      return 'on-study';
    case 'screen_failed':
      return 'ineligible';
    case 'withdrawn':
      return scope === 'interventions' ? 'follow-up' : 'withdrawn';
    default:
      return 'not-registered';
  }
}

/** What an outcome must be, once everything is undone: the participant's word counts most. */
export function outcomeOfUndone({ interruption, enrolled, lost, reached }: State): Outcome {
  switch (interruption?.kind) {
    case 'withdrawal':
      return enrolled || lost === 'enrolled' ? 'withdrawn' : 'declined';
    case 'abort':
      return 'voided';
    case 'expiry':
      return 'expired';
    default:
      return reached ?? 'voided';
  }
}
