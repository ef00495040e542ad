import type { WithdrawalScope } from '../../workflows/consent-to-enrollment/types.ts';
import { asked, currency, cutShort, enter, held, interrupted, toldBeside } from './places.ts';
import { randomised, toRandomisation } from './randomising.ts';
import { toUnblinding } from './unblinding.ts';
import { digestOf, HELD, NO_ASIDES, NOT_EVALUATED, type State, stuckStepOf, type Surroundings, verdictOf } from './state.ts';

type Item = 'AGE' | 'EGFR';

/** What somebody says to an enrollment. */
export type Message =
  | { kind: 'results'; values: { item: Item; good: boolean }[]; reason: boolean }
  | { kind: 'decision'; decision: 'eligible' | 'not_eligible'; by: 'doctor' | 'undelegated' | 'coordinator'; sha256: 'none' | 'seen' | 'other' }
  | { kind: 'invalidation' }
  | { kind: 'randomisation'; strata: 'right' | 'wrong' }
  /** An emergency, and the request of two persons: neither waits for the run. */
  | { kind: 'code-break' }
  | { kind: 'unblinding' }
  | { kind: 'reconsent'; how: 'current' | 'outdated' | 'undelegated' | 'unwitnessed' | 'declined' }
  | { kind: 'withdrawal'; scope: WithdrawalScope }
  | { kind: 'resolve'; action: 'retry' | 'skip' | 'abort' }
  | { kind: 'enrol'; content: 'same' | 'other'; key: 'same' | 'other' }
  | { kind: 'stranger' };

/** A message as it was sent: with what only the walk knows. */
export type Sent = {
  message: Message;
  /** Of the evaluation that the signer names; undefined: whatever is in force when the request arrives. */
  digest?: string | null;
  /** Index of the consent version on a renewed consent. */
  version?: number;
  /** Everybody who must sign has signed. */
  complete?: boolean;
};

/** An answer as far as the model says it: `code` of a refusal, `says` of what was taken. */
export type Answer = { status: number; code?: string | undefined; says?: Record<string, unknown> };
/** `hangs`: nothing is answered until somebody else has done something. */
export type Reply = { answer: Answer; next: State } | 'hangs';

const refused = (state: State, code: string, status = 409): Reply[] => [{ answer: { status, code }, next: state }];
const taken = (next: State, says: Record<string, unknown> = {}, status = 201): Reply => ({ answer: { status, says }, next });

/** Every legal reply to a message in this state, each with the state after it. */
export function repliesTo(state: State, sent: Sent, around: Surroundings): Reply[] {
  const { message } = sent;
  switch (message.kind) {
    case 'stranger':
      return refused(state, 'enrollment_not_found', 404);
    case 'withdrawal':
      return toWithdrawal(state, message.scope);
    case 'resolve':
      return toOperator(state, message.action, around);
    case 'enrol':
      return toEnrol(state, message);
    case 'reconsent':
      return toReconsent(state, sent, around);
    case 'decision':
      if (message.by === 'coordinator') return refused(state, 'forbidden', 403);
      return atDesk(state, 'decision', around, () => toDecision(state, { ...sent, message }, around));
    case 'results':
      return atDesk(state, 'results', around, () => toResults(state, message, around));
    case 'randomisation':
      return toRandomisation(state, around);
    case 'code-break':
    case 'unblinding':
      return toUnblinding(state, around);
    case 'invalidation':
      return atDesk(state, 'invalidation', around, () => [taken({ ...cutShort(state), place: 'taking-back', parked: null, desk: 'not_decided', signed: false, expires: null, declined: false })]);
  }
}

const NOT_TAKEN = { results: 'screening_not_open', decision: 'not_awaiting_decision', invalidation: 'not_decided' };

function atDesk(state: State, kind: keyof typeof NOT_TAKEN, { deskWasOpen }: Surroundings, serve: () => Reply[]): Reply[] {
  if (state.place === 'ended') return refused(state, 'enrollment_closed');
  // Overtaken by an interruption while it was being done: then one must come.
  // An invalidation has ended the step that was parked, whatever comes of it itself.
  const overtaken: Reply[] = state.pastPivot || (state.parked && kind !== 'invalidation') ? [] : [{ answer: { status: 409, code: 'not_applied' }, next: { ...state, parked: null, unparked: state.parked ?? state.unparked, doomed: true } }];
  switch (state.desk) {
    case 'queue':
    case 'open':
      if (kind === 'invalidation') return refused(state, 'not_decided');
      return state.place === 'deciding' && !state.parked ? [...serve().flatMap((reply) => [reply, ...tookEffect(state, reply)]), ...overtaken] : ['hangs'];
    case 'invalidation':
      if (kind !== 'invalidation') {
        return [...refused(state, kind === 'decision' ? 'already_decided' : NOT_TAKEN[kind]), ...(deskWasOpen ? refused(state, 'screening_closed') : [])];
      }
      if (['giving-back', 'settling', 'settling-randomisation', 'unconfirming'].includes(state.place)) return ['hangs'];
      // While one is being recorded a second one has nothing to speak to, also when the first is cut short.
      return [...serve().flatMap((reply) => [reply, ...tookEffect({ ...state, desk: 'not_decided' }, reply)]), ...overtaken];
    case 'none':
      return refused(state, NOT_TAKEN[kind]);
    default:
      return refused(state, state.desk);
  }
}

/** What took effect although an interruption cut it short is answered as taken: then that must come, and nothing else follows. */
function tookEffect(state: State, reply: Reply): Reply[] {
  if (reply === 'hangs' || reply.answer.status >= 400) return [];
  const { says = {} } = reply.answer;
  const unevaluated = says['verdict'] === undefined ? says : { ...says, verdict: 'not_evaluated', failed: [] };
  return [{ answer: { ...reply.answer, says: unevaluated }, next: { ...state, doomed: true } }];
}

function toResults(state: State, { values, reason }: Extract<Message, { kind: 'results' }>, around: Surroundings): Reply[] {
  // Performed at another time each, so whatever is there already is corrected.
  if (!reason && values.some(({ item }) => state.results[item] !== undefined)) return refused(state, 'reason_required');
  const results = { ...state.results, ...Object.fromEntries(values.map(({ item, good }) => [item, good])) };
  const next = asked({ ...state, results, entries: state.entries + 1, evaluated: true }, around);
  const failed = [...(results.AGE === false ? ['I01'] : []), ...(results.EGFR === false ? ['E03'] : [])];
  const missing = (['AGE', 'EGFR'] as const).filter((item) => results[item] === undefined);
  return [taken(next, { recorded: values.length, missing, verdict: verdictOf(next), failed })];
}

function toDecision(state: State, { message, digest }: Sent & { message: Extract<Message, { kind: 'decision' }> }, around: Surroundings): Reply[] {
  const { decision, by } = message;
  const eligible = decision === 'eligible';
  if (eligible && !around.rules.signs) return refused(state, 'not_awaiting_decision');
  if (by === 'undelegated') return refused(state, 'signer_not_entitled', 403);
  if (eligible && verdictOf(state) !== 'met') return refused(state, 'criteria_not_met');
  const now = digestOf(state);
  // Without a digest the API reads the one in force, which another message may have replaced before it is signed.
  const outdated = digest === undefined ? state.seen.some((one) => one !== (now ?? NOT_EVALUATED)) : digest !== now;
  const changed = outdated ? refused(state, 'evaluation_changed') : [];
  if (digest !== undefined && outdated) return changed;
  // To end somebody's participation no newer consent is needed.
  const signed = (eligible ? currency(state, around) : ['current']).map((found): Reply => {
    if (found === 'held') return { answer: { status: 409, code: 'consent_superseded' }, next: held(state, 'signing-held', around) };
    const next: State = eligible
      ? enter({ ...state, signed: true, desk: 'invalidation', onto: null }, 'reserving', around)
      : { ...state, place: 'undoing', reached: 'screen_failed', desk: 'closing', expires: null };
    return taken(next, { decision });
  });
  return [...signed, ...changed];
}

function toReconsent(state: State, { message, version = 0, complete = true }: Sent, around: Surroundings): Reply[] {
  const how = message.kind === 'reconsent' ? message.how : 'current';
  const incomplete = complete ? [] : refused(state, 'signers_missing', 422);
  if (state.place === 'ended') return [...incomplete, ...refused(state, 'enrollment_closed')];
  if (!HELD.includes(state.place) || state.parked) return [...incomplete, ...refused(state, 'not_awaiting_consent')];
  if (!complete) return incomplete;
  const meets = around.consentsMeet ? refused(state, 'not_awaiting_consent') : [];
  const overtaken: Reply[] = [
    { answer: { status: 409, code: 'not_applied' }, next: { ...state, doomed: true } },
    { answer: { status: 409, code: 'not_awaiting_consent' }, next: { ...state, doomed: true } },
  ];
  if (how === 'declined') return [taken(toldBeside({ ...state, declined: true }, around.faults), { declined: true }), ...meets, ...overtaken];
  const { certain, possible } = around.versions;
  const validities = new Set<string>();
  // In force when it was signed, as far as the service could know.
  for (let newest = certain; newest <= possible; newest += 1) {
    validities.add(version !== newest ? 'version_not_approved' : how === 'undelegated' ? 'not_delegated' : 'valid');
  }
  const recorded = [...validities].map((validity): Reply => {
    const next = toldBeside({ ...state, consent: version, declined: false }, around.faults);
    return taken(validity === 'valid' ? onward(next, around) : next, { validity });
  });
  return [...recorded, ...meets, ...overtaken];
}

function onward(state: State, around: Surroundings): State {
  switch (state.place) {
    case 'validating':
      return enter(state, 'opening', around);
    case 'signing-held':
      return enter(state, 'evaluating', around);
    case 'randomising-held':
      return enter({ ...state, placeless: true }, 'awaiting-randomisation', around);
    default:
      return enter({ ...state, onto: state.place === 'enrolling-held' ? 'enrolling' : 'confirming' }, 'reserving', around);
  }
}

function toWithdrawal(state: State, scope: WithdrawalScope): Reply[] {
  if (state.place === 'ended') {
    if (state.outcome === 'active') return [taken({ ...state, outcome: 'withdrawn', scope, place: 'ended' }, {}, 200)];
    return refused(state, state.outcome === 'withdrawn' ? 'already_withdrawn' : 'enrollment_closed');
  }
  // Too late once an outcome is on its way to the record; what stands there already is said without asking the run.
  if (state.place === 'telling-end') return [...refused(state, 'already_ended'), ...refused(state, 'enrollment_closed')];
  if (state.place === 'concluding') return refused(state, 'already_ended');
  // One stands, with its scope: another can't be applied beside it.
  if (state.interruption?.kind === 'withdrawal') return [...refused(state, 'already_withdrawn'), ...(state.place === 'withdrawing' ? refused(state, 'already_ended') : [])];
  return interrupted(state, { kind: 'withdrawal', scope }).map((next) => taken(next, {}, 200));
}

/** Where a word was taken although nothing was parked. */
const RUNNING = 'running';
const SKIPPABLE = ['epro', 'notices'];

function toOperator(state: State, action: 'retry' | 'skip' | 'abort', around: Surroundings): Reply[] {
  // A word that comes together with the one that let it end still finds the run, but nothing that is parked.
  if (state.place === 'ended') return [...refused(state, 'enrollment_closed'), ...(state.unparked === 'notices' ? refused(state, 'not_parked') : [])];
  if (action === 'abort') {
    if (state.pastPivot || ['undoing', 'concluding', 'telling-end'].includes(state.place)) {
      // Two that come together are both taken.
      return [...refused(state, 'too_late'), ...(state.place === 'undoing' && state.unparked !== null ? [taken(state, {}, 200)] : [])];
    }
    const undone = interrupted(state, { kind: 'abort' });
    // While the pivot is being passed nobody knows yet whether it comes too late.
    const passed = state.place === 'confirming' && !state.parked && around.faults.get('confirmSlot') !== 'fails' ? [enter({ ...state, lost: null }, 'telling', around)] : [];
    if (state.place === 'randomising' && around.faults.get('randomiseParticipant') !== 'fails') passed.push(...randomised(state, around));
    const unparked = state.parked ?? state.unparked ?? RUNNING;
    return [...undone, ...passed].map((next) => taken({ ...next, unparked }, {}, 200));
  }
  const stuck = stuckStepOf(state);
  // Two words that come together may speak to the same step.
  const steps = new Set([stuck, state.unparked].flatMap((step) => (step === null || step === RUNNING ? [] : [step])));
  const spoken = [...steps].flatMap((step) => (action === 'retry' ? [retried(state, step, around)] : SKIPPABLE.includes(step) ? skipped(state, step) : refused(state, 'cannot_skip')));
  return [...spoken, ...(stuck ? [] : refused(state, 'not_parked'))];
}

/** A retry is for everything that is shown. */
function retried(state: State, step: string, { faults }: Surroundings): Reply {
  const asides = faults.has('sendNotice') ? { ...state.asides, shown: 0 } : NO_ASIDES;
  return taken({ ...state, parked: null, unparked: step, asides }, {}, 200);
}

/** A skip is for what is shown first. */
function skipped(state: State, step: string): Reply[] {
  const going: State = { ...state, unparked: step };
  if (step === 'epro') return [taken({ ...going, parked: null, collected: ['casebook', 'epro'], lost: null }, {}, 200)];
  const { failing, shown } = state.asides;
  if (shown > 0) {
    const together = state.unparked ? [taken(state, {}, 200)] : [];
    return [taken({ ...going, asides: { failing: failing - 1, shown: shown - 1 }, noticesSkipped: true }, {}, 200), ...together];
  }
  if (!['telling', 'telling-end'].includes(state.place)) return [taken({ ...state, noticesSkipped: true }, {}, 200)];
  return [taken({ ...going, parked: null, place: state.place === 'telling' ? 'recording' : 'ended', noticesSkipped: true }, {}, 200)];
}

/** The same enrollment again: found by its key, or by the person as long as it is open or active. */
function toEnrol(state: State, { content, key }: Extract<Message, { kind: 'enrol' }>): Reply[] {
  if (content === 'other') return key === 'same' ? refused(state, 'key_reused') : [...refused(state, 'already_enrolled'), ...refused(state, 'other_content')];
  // What was answered before its consent was recorded is answered so again, or by now as recorded.
  const statuses = key === 'same' ? [201, 202] : [200, 202];
  return statuses.map((status) => taken(state, {}, status));
}
