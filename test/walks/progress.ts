import type { Outcome } from '../../workflows/consent-to-enrollment/types.ts';
import { awaitedIn, digestOf, HELD, type Interruption, NO_ASIDES, outcomeOfUndone, type Place, type State, type Surroundings, UNDO_ACTIVITY, verdictOf } from './state.ts';

const RANK = ['expiry', 'abort', 'withdrawal'];
/** An interruption is only noted here, and applied when the run comes out of it. */
const UNINTERRUPTIBLE: readonly Place[] = ['recording-consent', 'giving-back', 'settling', 'taking-back', 'recording', 'withdrawing', 'undoing', 'concluding'];
const AFTER_PIVOT: readonly Place[] = ['telling', 'recording', 'withdrawing', 'telling-end', 'ended'];

/** Enters a place as the run does: the stage moves, and what may have to be undone is registered before it is done. */
export function enter(state: State, place: Place, around: Surroundings): State {
  const next: State = { ...state, place, parked: null };
  // Undone once, however often it was done anew.
  const register = (...names: string[]) => [...new Set([...state.registered, ...names])];
  switch (place) {
    case 'opening':
      return { ...next, expires: null, declined: false, desk: around.rules.screens && state.desk === 'queue' ? 'queue' : 'none', registered: register('opening') };
    case 'forms':
      return { ...next, stage: 'screening', desk: 'queue', registered: register('screening') };
    case 'evaluating':
      return { ...next, desk: 'open', declined: false, expires: null, stage: state.place === 'signing-held' ? state.stage : 'screening' };
    case 'deciding':
      return asked({ ...next, desk: 'open', expires: null }, around);
    case 'reserving':
      return { ...next, stage: state.onto === null ? 'slot' : state.stage, onto: state.onto ?? 'enrolling', expires: null, declined: false, registered: register('slot') };
    case 'enrolling':
      return { ...next, stage: 'enrollment', lost: null, onto: null, registered: register('enrolling') };
    case 'collecting':
      return { ...next, stage: 'casebook', collected: [], registered: register('casebook', 'epro') };
    case 'telling':
      return {
        ...next, stage: 'activation', pastPivot: true, registered: [], expires: null, onto: null,
        desk: state.signed ? 'too_late' : state.desk,
        interruption: state.interruption?.kind === 'withdrawal' ? state.interruption : null,
      };
    default:
      return next;
  }
}

/** With a signature in the protocol it is asked for once all is met; the expiry counts from the first time in a pass. */
export function asked(state: State, { rules, from, faults }: Surroundings): State {
  const digest = digestOf(state);
  const seen = digest === null || state.seen.includes(digest) ? state.seen : [...state.seen, digest];
  if (!rules.signs || verdictOf(state) !== 'met' || state.expires) return { ...state, seen };
  const expires = { from: from + (rules.signatureExpiryMs ?? Number.POSITIVE_INFINITY), reason: 'eligibility_signature' };
  return toldBeside({ ...state, seen, stage: 'eligibility', expires, asked: state.asked + 1 }, faults);
}

/** A notice is begun beside the way: when its sending fails it is left outstanding. */
export function toldBeside(state: State, faults: Surroundings['faults']): State {
  if (!faults.has('sendNotice')) return state;
  return { ...state, asides: { ...state.asides, failing: state.asides.failing + 1 } };
}

export function undoing(state: State, reached: Outcome): State {
  return { ...state, place: 'undoing', parked: null, reached, desk: 'closing', expires: null, declined: false, doomed: false, onto: null };
}

/** An interruption comes: applied at once, or noted where what is under way has to come to its end. */
export function interrupted(state: State, interruption: Interruption): State[] {
  if (state.place === 'telling-end' || state.place === 'ended') return [state];
  const givesUp = state.place === 'recording-consent' && state.parked !== null && interruption.kind === 'abort';
  if (givesUp) return [undoing({ ...state, interruption: state.interruption ?? interruption }, 'voided')];
  if (RANK.indexOf(interruption.kind) <= RANK.indexOf(state.interruption?.kind ?? '')) return [{ ...state, doomed: false }];
  const noted = { ...state, interruption, doomed: false };
  if (UNINTERRUPTIBLE.includes(state.place)) return [noted];
  if (state.place === 'telling') return interruption.kind === 'withdrawal' ? [{ ...noted, place: 'withdrawing', parked: null }] : [state];
  return [undoing(noted, 'voided')];
}

/** Is nothing left that the run would do by itself, but for a deadline? */
export function atRest(state: State, around: Surroundings): boolean {
  if (state.doomed || shown(state, around).length > 0) return false;
  return state.place === 'ended' || state.parked !== null || ownSteps(state, around).length === 0;
}

/** What the run may do next by itself; several where somebody else decides it: the clock, the site, another walk. */
export function successors(state: State, around: Surroundings): State[] {
  return [...(state.parked ? [] : ownSteps(state, around)), ...shown(state, around), ...expired(state, around)].map((next) => ({ ...next, unparked: null }));
}

/** While a person is waited for, operators are shown what could not be told. */
function shown(state: State, { rules }: Surroundings): State[] {
  const { failing, shown: already } = state.asides;
  return failing > already && awaitedIn(state, rules) !== null ? [{ ...state, asides: { failing, shown: already + 1 } }] : [];
}

function expired(state: State, { now, windowEndsAt }: Surroundings): State[] {
  if (AFTER_PIVOT.includes(state.place) || ['recording-consent', 'undoing', 'concluding'].includes(state.place)) return [];
  const window = windowEndsAt !== null && now >= windowEndsAt && state.interruption === null ? interrupted(state, { kind: 'expiry', reason: 'screening_window' }) : [];
  const { expires } = state;
  if (!expires || now < expires.from || state.interruption) return window;
  // A deadline of a wait for a consent is an end of the steps, not an interruption; the outcome is the same.
  return [...window, ...interrupted(state, { kind: 'expiry', reason: expires.reason })];
}

function ownSteps(state: State, around: Surroundings): State[] {
  const { rules, faults } = around;
  const park = (step: string, more: Partial<State> = {}): State[] => [{ ...state, ...more, parked: step }];
  switch (state.place) {
    case 'recording-consent': {
      if (faults.has('recordConsent')) return park('consent');
      const told = toldBeside(state, faults);
      if (state.interruption) return [undoing(told, 'voided')];
      return [state.consent < 0 ? held(told, 'validating', around) : enter(told, 'opening', around)];
    }
    case 'opening':
      if (faults.has('openEnrollment')) return park('opening');
      return [enter(state, rules.screens ? 'forms' : 'reserving', around)];
    case 'forms':
      return faults.has('openScreening') ? park('screening') : [enter(state, 'deciding', around)];
    case 'evaluating':
      return [enter(state, 'deciding', around)];
    case 'deciding': {
      const verdict = verdictOf(state);
      if (verdict === 'failed') return [undoing(state, 'screen_failed')];
      return verdict === 'met' && !rules.signs ? [leaveScreening(state, around)] : [];
    }
    case 'reserving': {
      if (faults.get('reserveSlot') === 'fails') return park('slot');
      const full = around.mayBeFull && state.lost !== 'reserved' ? [undoing(state, 'cap_reached')] : [];
      if (faults.has('reserveSlot')) return [...park('slot', { lost: 'reserved' }), ...(around.mayBeFull ? park('slot', { lost: 'full' }) : [])];
      if (state.lost === 'full') return [undoing(state, 'cap_reached')];
      return [enter({ ...state, lost: null }, state.onto ?? 'enrolling', around), ...full];
    }
    case 'enrolling':
      return enrolling(state, around, park);
    case 'giving-back':
      if (faults.has('releaseSlot')) return park('UNDO: slot');
      if (state.interruption) return [undoing(state, 'voided')];
      return [held({ ...state, onto: null }, state.onto ?? 'enrolling-held', around)];
    case 'collecting': {
      const stuck = (['casebook', 'epro'] as const).find((name) => faults.has(name === 'casebook' ? 'openCasebook' : 'startEpro') && !state.collected.includes(name));
      if (stuck) return park(stuck, { collected: ['casebook', 'epro'].filter((name) => name !== stuck) });
      return [enter(state, 'confirming', around)];
    }
    case 'confirming':
      return confirming(state, around, park);
    case 'settling':
      if (faults.has('settleSlotConfirmation')) return park('settle the confirmation');
      if (state.lost === 'confirmed') return [enter({ ...state, lost: null }, 'telling', around)];
      if (state.interruption) return [undoing(state, 'voided')];
      return [{ ...state, place: 'confirming', lost: null, parked: 'confirmation' }];
    case 'taking-back':
      return takingBack(state, around, park);
    case 'telling':
      if (state.interruption) return [{ ...state, place: 'withdrawing' }];
      return faults.has('sendNotice') ? park('notices', { asides: NO_ASIDES }) : [{ ...state, place: 'recording', asides: NO_ASIDES }];
    case 'recording':
      if (faults.has('recordOutcome')) return park('outcome');
      return [{ ...state, place: state.interruption ? 'withdrawing' : 'ended', outcome: state.interruption ? null : 'active' }];
    case 'withdrawing':
      if (faults.has('stopDataCollection')) return park('withdrawal');
      if (faults.has('recordOutcome')) return park('outcome');
      return [{ ...state, place: 'telling-end', asides: NO_ASIDES, outcome: 'withdrawn', scope: state.interruption?.kind === 'withdrawal' ? state.interruption.scope : null }];
    case 'undoing': {
      const at = state.registered.findLastIndex((name) => faults.has(UNDO_ACTIVITY[name] ?? ''));
      if (at >= 0) return park(`UNDO: ${state.registered[at]}`, { registered: state.registered.slice(0, at + 1) });
      return [{ ...state, place: 'concluding', registered: [], reached: outcomeOfUndone(state) }];
    }
    case 'concluding':
      if (faults.has('recordOutcome')) return park('outcome');
      return [{ ...state, place: 'telling-end', asides: NO_ASIDES, outcome: state.reached }];
    case 'telling-end':
      return faults.has('sendNotice') ? park('notices') : [{ ...state, place: 'ended' }];
    default:
      return [];
  }
}

type Park = (step: string, more?: Partial<State>) => State[];

function enrolling(state: State, around: Surroundings, park: Park): State[] {
  const { faults } = around;
  if (faults.get('enrollParticipant') === 'fails') return park('enrolling');
  const found = state.lost === 'held' ? ['held'] : state.lost === 'enrolled' ? ['current'] : currency(state, around);
  if (faults.has('enrollParticipant')) return found.flatMap((what) => park('enrolling', { lost: what === 'held' ? 'held' : 'enrolled' }));
  return found.map((what) =>
    what === 'held'
      ? { ...state, place: 'giving-back', onto: 'enrolling-held', lost: null }
      : enter({ ...state, enrolled: true, lost: null }, 'collecting', around),
  );
}

function confirming(state: State, around: Surroundings, park: Park): State[] {
  const { faults, rules } = around;
  // Given back by its time to live, the place is reserved anew before it is confirmed.
  const anew = rules.lapses && state.lost === null ? [enter({ ...state, onto: 'confirming' }, 'reserving', around)] : [];
  const mode = faults.get('confirmSlot');
  const settles = faults.has('settleSlotConfirmation');
  const attempt = currency(state, around).flatMap((what): State[] => {
    if (mode === 'fails') return settles ? [{ ...state, place: 'settling', lost: 'dead' }] : park('confirmation');
    if (mode === 'loses' && settles) return [{ ...state, place: 'settling', lost: what === 'held' ? 'dead' : 'confirmed' }];
    if (what === 'held') return mode === 'loses' ? park('confirmation') : [{ ...state, place: 'giving-back', onto: 'confirming-held' }];
    return [enter({ ...state, lost: null }, 'telling', around)];
  });
  return [...attempt, ...anew];
}

/** An invalidated signature: what followed from it is undone, then it goes on with another round. */
function takingBack(state: State, around: Surroundings, park: Park): State[] {
  const mark = state.registered.findIndex((name) => name === 'slot');
  const after = mark < 0 ? [] : state.registered.slice(mark);
  const at = after.findLastIndex((name) => around.faults.has(UNDO_ACTIVITY[name] ?? ''));
  if (at >= 0) return park(`UNDO: ${after[at]}`, { registered: state.registered.slice(0, mark + at + 1) });
  const registered = mark < 0 ? state.registered : state.registered.slice(0, mark);
  const back = { ...state, registered, enrolled: false, lost: null, onto: null, signed: false, expires: null };
  return [state.interruption ? undoing(back, 'voided') : enter(back, 'evaluating', around)];
}

/** What a step that asks for the consent version again may find. */
export function currency(state: State, { versions, concernsAll }: Surroundings): ('held' | 'current')[] {
  const outdatedBy = (newest: number) => Array.from({ length: Math.max(0, newest - state.consent) }, (_, i) => state.consent + 1 + i).some(concernsAll);
  const found = new Set<'held' | 'current'>();
  for (let newest = versions.certain; newest <= versions.possible; newest += 1) found.add(outdatedBy(newest) ? 'held' : 'current');
  return [...found];
}

export function held(from: State, place: Place, { rules, from: since, faults }: Surroundings): State {
  if (!HELD.includes(place)) throw new Error(`nobody waits for a consent in ${place}`);
  const state = place === 'validating' ? from : toldBeside(from, faults);
  const expires = { from: since + (rules.reconsentMs ?? Number.POSITIVE_INFINITY), reason: 'reconsent_deadline' };
  const closes = place === 'validating' || place === 'signing-held';
  return { ...state, place, parked: null, declined: false, expires, ...(closes ? { desk: 'awaiting_consent' as const } : {}) };
}

export function leaveScreening(state: State, around: Surroundings): State {
  return enter({ ...state, desk: state.signed ? 'invalidation' : 'screening_closed', onto: null }, 'reserving', around);
}
