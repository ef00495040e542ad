import { answered, currency, enter, held, interrupted, leaveScreening, toldBeside, undoing } from './places.ts';
import { randomisingSteps } from './randomising.ts';
import { awaitedIn, isServing, NO_ASIDES, outcomeOfUndone, type Place, type State, type Surroundings, UNDO_ACTIVITY, verdictOf } from './state.ts';

const AFTER_PIVOT: readonly Place[] = ['telling', 'recording', 'withdrawing', 'telling-end', 'ended'];

/** Is nothing left that the run would do by itself, but for a deadline? */
export function atRest(state: State, around: Surroundings): boolean {
  if (state.doomed || shown(state, around).length > 0) return false;
  if (state.served !== null && !isServing(state)) return false;
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
      const full = around.mayBeFull && state.lost !== 'reserved' ? [undoing(answered(state, 409, 'cap_reached'), 'cap_reached')] : [];
      if (faults.has('reserveSlot')) return [...park('slot', { lost: 'reserved' }), ...(around.mayBeFull ? park('slot', { lost: 'full' }) : [])];
      if (state.lost === 'full') return [undoing(answered(state, 409, 'cap_reached'), 'cap_reached')];
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
      return [enter(state, rules.randomises ? 'awaiting-randomisation' : 'confirming', around)];
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
      if (faults.has('stopDataCollection') || (rules.frees && faults.has('freeSlot'))) return park('withdrawal');
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
      return randomisingSteps(state, around, park);
  }
}

export type Park = (step: string, more?: Partial<State>) => State[];

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
  const back = { ...state, registered, enrolled: false, lost: null, onto: null, placeless: false, signed: false, expires: null };
  // The way back leads to the screening, whatever ends it there.
  const screening = enter(back, 'evaluating', around);
  return [state.interruption ? undoing(screening, 'voided') : screening];
}
