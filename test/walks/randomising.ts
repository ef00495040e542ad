import type { Reply } from './answers.ts';
import { answered, currency, cutShort, enter, undoing } from './places.ts';
import type { Park } from './progress.ts';
import { isServing, type State, type Surroundings } from './state.ts';

const refused = (state: State, code: string): Reply[] => [{ answer: { status: 409, code }, next: state }];

/** Replies to a request for the randomisation that is not taken; one that is taken is answered by `toldOf`. */
export function toRandomisation(state: State, { rules, randomisationsMeet }: Surroundings): Reply[] {
  if (state.place === 'ended') return refused(state, 'enrollment_closed');
  if (state.pastPivot) return refused(state, rules.randomises ? 'already_randomised' : 'not_awaiting_randomisation');
  if (['undoing', 'concluding', 'telling-end'].includes(state.place)) {
    return [...refused(state, 'closing'), ...(randomisationsMeet ? refused(state, 'not_awaiting_randomisation') : [])];
  }
  if (isServing(state)) return ['hangs'];
  return state.place === 'awaiting-randomisation' ? [] : refused(state, 'not_awaiting_randomisation');
}

/** The states after such a request has been taken. */
export function takenFor(state: State, strata: 'right' | 'wrong', around: Surroundings): State[] {
  if (state.place !== 'awaiting-randomisation' || state.served !== null) return [];
  return towardsIt({ ...state, served: { strata } }, around);
}

/** The reply to the request that was taken, once there is one. */
export function toldOf(state: State): Reply[] {
  const { served } = state;
  if (served === null || 'strata' in served) return [];
  const { status, code } = served;
  return [{ answer: { status, ...(code === null ? {} : { code }) }, next: { ...state, served: null } }];
}

/** The pivot has been passed. */
export function randomised(state: State, around: Surroundings): State[] {
  const { served } = state;
  return served && 'strata' in served && served.strata === 'right' ? [enter({ ...answered(state, 201), lost: null }, 'telling', around)] : [];
}

/** Given back meanwhile, for a consent or by its time to live, the place is reserved anew before it is confirmed. */
function towardsIt(state: State, around: Surroundings): State[] {
  const anew = state.placeless || around.rules.lapses ? [enter({ ...state, onto: 'confirming-ahead' }, 'reserving', around)] : [];
  return [...anew, ...(state.placeless ? [] : [enter(state, 'confirming-ahead', around)])];
}

/** What the run does by itself between the site's request and the pivot. */
export function randomisingSteps(state: State, around: Surroundings, park: Park): State[] {
  switch (state.place) {
    case 'confirming-ahead':
      return confirmingAhead(state, around, park);
    case 'randomising':
      return randomising(state, around);
    case 'settling-randomisation':
      return around.faults.has('settleRandomisation') ? park('settle the randomisation') : settled(state, around);
    case 'unconfirming':
      return unconfirming(state, around, park);
    case 'trying-again':
      return towardsIt(state, around);
    default:
      return [];
  }
}

function confirmingAhead(state: State, around: Surroundings, park: Park): State[] {
  const mode = around.faults.get('confirmSlot');
  if (mode === 'fails') return park('confirming');
  const found = state.lost === 'held' ? ['held'] : state.lost === 'confirmed' ? ['current'] : currency(state, around);
  return found.flatMap((what): State[] => {
    if (mode === 'loses') return park('confirming', { lost: what === 'held' ? 'held' : 'confirmed' });
    return [what === 'held' ? superseded(state, 'giving-back') : { ...state, place: 'randomising', lost: null }];
  });
}

/** The consent comes first: asked anew once that is signed. */
function superseded(state: State, place: 'giving-back' | 'unconfirming'): State {
  const next = place === 'giving-back' ? answered(state, 409, 'consent_superseded') : state;
  return { ...next, place, onto: 'randomising-held', lost: null };
}

function randomising(state: State, around: Surroundings): State[] {
  const { faults } = around;
  const { served } = state;
  const mode = faults.get('randomiseParticipant');
  const settling = (lost: 'randomised' | 'refused' | 'dead'): State => ({ ...state, place: 'settling-randomisation', lost });
  // Cut short before it took effect: then an interruption must come, and what is settled holds it up.
  const cut = faults.has('settleRandomisation') ? [{ ...settling('dead'), doomed: true }] : [];
  if (mode === 'fails') return [settling('dead'), ...cut];
  if (served && 'strata' in served && served.strata === 'wrong') return [settling('refused'), ...cut];
  const found = currency(state, around).flatMap((what): State[] => {
    if (mode === 'loses') return [settling(what === 'held' ? 'dead' : 'randomised')];
    return what === 'held' ? [superseded(state, 'unconfirming')] : randomised(state, around);
  });
  return [...found, ...cut];
}

function settled(state: State, around: Surroundings): State[] {
  return state.lost === 'randomised' ? randomised(state, around) : [{ ...state, place: 'unconfirming' }];
}

/** Whatever is not followed by a randomisation takes the confirmation back. */
function unconfirming(state: State, around: Surroundings, park: Park): State[] {
  if (around.faults.has('unconfirmSlot')) return park('UNDO: confirming');
  const back: State = { ...state, registered: state.registered.toSpliced(state.registered.lastIndexOf('confirming'), 1) };
  if (state.onto === 'randomising-held') return [superseded(back, 'giving-back')];
  if (state.lost === 'refused') {
    const told = answered(back, 422, 'strata_invalid');
    return [state.interruption ? undoing(told, 'voided') : enter(told, 'awaiting-randomisation', around)];
  }
  if (state.interruption) return [undoing(cutShort(back), 'voided')];
  return [{ ...back, place: 'trying-again', lost: null, parked: 'randomisation' }];
}
