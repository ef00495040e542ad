import type { Outcome } from '../../workflows/consent-to-enrollment/types.ts';
import { digestOf, HELD, type Interruption, isServing, type Place, type State, type Surroundings, verdictOf } from './state.ts';

const RANK = ['expiry', 'abort', 'withdrawal'];
/** An interruption is only noted here, and applied when the run comes out of it. */
const UNINTERRUPTIBLE: readonly Place[] = ['recording-consent', 'giving-back', 'settling', 'settling-randomisation', 'unconfirming', 'taking-back', 'recording', 'withdrawing', 'undoing', 'concluding'];

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
    case 'awaiting-randomisation':
      return { ...next, stage: 'randomisation', lost: null, onto: null, expires: null, declined: false };
    case 'confirming-ahead':
      // Each time undone on its own: not every one is taken back.
      return { ...next, lost: null, onto: null, placeless: false, registered: [...state.registered, 'confirming'] };
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

/** It is undone from here; a request that this cuts short is answered so. */
export function undoing(state: State, reached: Outcome): State {
  return { ...cutShort(state), place: 'undoing', parked: null, reached, desk: 'closing', expires: null, declined: false, doomed: false, onto: null };
}

/** What was being done for a request for the randomisation has not come about. */
export function cutShort(state: State): State {
  return isServing(state) ? answered(state, 409, 'not_applied') : state;
}

/** The request for the randomisation has this answer; its sender is told by and by. */
export function answered(state: State, status: number, code: string | null = null): State {
  return isServing(state) ? { ...state, served: { status, code } } : state;
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
