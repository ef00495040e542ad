import { type Answer, type Reply, repliesTo, type Sent } from './answers.ts';
import { atRest, successors } from './progress.ts';
import { takenFor, toldOf } from './randomising.ts';
import { awaitedIn, digestOf, NOT_EVALUATED, type State, statusOf, stuckStepOf, type Surroundings } from './state.ts';

/** What can be seen of an enrollment from outside. */
export type Seen = { stage: string; status: string; outcome: string | null; stuckStep: string | null; awaiting: string | null };

/** A message with the answer that it got; null: none yet. `posted`: it had been taken when the step began. */
export type Answered = { sent: Sent; answer: Answer | null; posted?: boolean };

/** More than any step needs; a model that runs away must not hang the test. */
const MAX_STATES = 50_000;

/** Everything that the run may have come to by itself from these states, they themselves included. */
export function closure(states: readonly State[], around: Surroundings): State[] {
  const known = new Map(states.map((state) => [keyOf(state), state]));
  const open = [...known.values()];
  for (let state = open.pop(); state; state = open.pop()) {
    for (const next of successors(state, around)) {
      const key = keyOf(next);
      if (known.has(key)) continue;
      known.set(key, next);
      open.push(next);
      if (known.size > MAX_STATES) throw new Error(`the model has more than ${MAX_STATES} states: ${key}`);
    }
  }
  return [...known.values()];
}

/** What is left to explain: a request that was taken and is not answered yet stays, as posted. */
type Left = { index: number; posted: boolean };

/**
 * The states that explain what was answered: is there an order of these messages, with the run's own steps between
 * them, in which each answer is legal (linearizability)? Empty when there is none. What has no answer yet must have
 * been taken.
 */
export function after(states: readonly State[], answered: readonly Answered[], around: Surroundings): State[] {
  const began = states.map((state) => ({ ...state, seen: [digestOf(state) ?? NOT_EVALUATED] }));
  const all = answered.map(({ posted = false }, index): Left => ({ index, posted }));
  let reached = closure(began, around).map((state) => ({ state, left: all }));
  const found = new Map<string, State>();
  // Each round takes, or answers, one of those that are left.
  while (reached.length > 0) {
    const next = new Map<string, { state: State; left: Left[] }>();
    for (const { state, left } of reached) {
      if (left.every(({ index, posted }) => posted && answered[index]?.answer === null)) found.set(keyOf(state), state);
      for (const { states: legal, rest } of left.flatMap((one) => takenNext(state, { one, left, answered }, around))) {
        for (const later of closure(legal, around)) next.set(`${keyOf(later)} ${JSON.stringify(rest)}`, { state: later, left: rest });
      }
    }
    reached = [...next.values()];
  }
  return [...found.values()];
}

type Taking = { one: Left; left: readonly Left[]; answered: readonly Answered[] };

function takenNext(state: State, { one, left, answered }: Taking, around: Surroundings): { states: State[]; rest: Left[] }[] {
  const { sent, answer } = answered[one.index] as Answered;
  const replies = one.posted ? toldOf(state) : repliesTo(state, sent, around);
  const told = answer === null ? [] : replies.flatMap((reply) => (reply !== 'hangs' && fits(reply.answer, answer) ? [reply.next] : []));
  const posted = one.posted || sent.message.kind !== 'randomisation' ? [] : takenFor(state, sent.message.strata, around);
  return [
    { states: told, rest: left.filter((other) => other !== one) },
    { states: posted, rest: left.map((other) => (other === one ? { ...one, posted: true } : other)) },
  ];
}

function fits(legal: Answer, answer: Answer): boolean {
  if (legal.status !== answer.status || legal.code !== answer.code) return false;
  return Object.entries(legal.says ?? {}).every(([name, value]) => JSON.stringify(answer.says?.[name]) === JSON.stringify(value));
}

/** Of the states, those at rest that look like what was seen. */
export function restingAs(states: readonly State[], seen: Seen, around: Surroundings): State[] {
  return closure(states, around).filter((state) => atRest(state, around) && looksLike(state, seen, around));
}

function looksLike(state: State, seen: Seen, { rules }: Surroundings): boolean {
  return (
    state.stage === seen.stage && statusOf(state) === seen.status && state.outcome === seen.outcome &&
    stuckStepOf(state) === seen.stuckStep && awaitedIn(state, rules) === seen.awaiting
  );
}

/** May this message be left without an answer, because somebody else has to act first? */
export function mayHang(states: readonly State[], sent: Sent, { around, beside }: { around: Surroundings; beside: readonly Sent[] }): boolean {
  const { kind } = sent.message;
  if (kind === 'invalidation' && (around.faults.has('settleSlotConfirmation') || around.faults.has('releaseSlot'))) return true;
  const randomises = beside.some((one) => one.message.kind === 'randomisation');
  if (kind === 'invalidation' && randomises && (around.faults.has('settleRandomisation') || around.faults.has('unconfirmSlot'))) return true;
  return closure(states, around).some((state) => atRest(state, around) && repliesTo(state, sent, around).includes('hangs'));
}

/** For a person: the states and the replies that would have been legal in them, a line each. */
export function explained(states: readonly State[], sent: readonly Sent[], around: Surroundings): string {
  const lines = closure(states, around).slice(0, 12).map((state) => {
    const replies = sent.map((one) => repliesTo(state, one, around).map(shortOf).join(' or ')).join('; ');
    return `  ${briefly(state, around)}${replies ? `: ${replies}` : ''}`;
  });
  return lines.join('\n');
}

export function briefly(state: State, around: Surroundings): string {
  const { place, stage, parked, desk, served, placeless, interruption, outcome, consent, signed, enrolled, lost, expires, asides } = state;
  const rest = atRest(state, around) ? 'at rest' : 'passing';
  const more = { parked, unsent: asides.failing || undefined, outcome, interruption: interruption?.kind, served: served && JSON.stringify(served), placeless, consent, signed, enrolled, lost, awaiting: awaitedIn(state, around.rules), expires: expires?.reason };
  const told = Object.entries(more).filter(([, value]) => value !== null && value !== undefined && value !== false);
  return `${place} (${rest}, stage ${stage}, desk ${desk}, ${told.map(([name, value]) => `${name} ${value}`).join(', ')})`;
}

const shortOf = (reply: Reply) => (reply === 'hangs' ? 'hangs' : `${reply.answer.status}${reply.answer.code ? ` ${reply.answer.code}` : ''}`);

function keyOf(state: State): string {
  return JSON.stringify(state);
}
