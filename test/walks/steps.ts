import { setTimeout as delay } from 'node:timers/promises';
import { type Action, told } from './actions.ts';
import { checkEnrollment } from './after-walk.ts';
import type { Message } from './answers.ts';
import { prepare } from './prepare.ts';
import { repeat } from './repeat.ts';
import { usefulMessage } from './requests.ts';
import { awaitedIn, type State } from './state.ts';
import type { LogEntry, Walker } from './walker.ts';

const RESERVED: readonly State['place'][] = ['enrolling', 'collecting', 'confirming', 'awaiting-randomisation', 'trying-again'];
/** Results, a signature, a renewed consent, the signature once more, and the request for the randomisation. */
const STEPS_TO_PARK = 5;
const ENDS_WITHIN_MS = 20_000;
/** A little more than the shortest time to live of a place (group.ts). */
const LAPSES_MS = 1100;

/** Goes the whole walk; throws at the first thing that is not legal. */
export async function go(walker: Walker): Promise<void> {
  const { walk } = walker;
  const from = Date.now();
  if (!(await walker.begin())) return;
  if (!walk.eager || walk.stuckAtOnce || !['advance', 'send'].includes(walk.actions[0]?.do ?? '')) await walker.rest(from);
  for (const action of walk.actions) {
    walker.say(told(action));
    await step(walker, action);
  }
  walker.say(`ending: ${walk.ending}`);
  await end(walker);
  await checkEnrollment(walker);
  for (const entry of walker.log.filter(repeatable)) await repeat(walker, entry, 'same');
  // Whatever is said after the end, once more: nothing may have changed by being repeated.
  await checkEnrollment(walker);
}

async function step(walker: Walker, action: Action): Promise<void> {
  const state = walker.states[0];
  if (!state) throw new Error('no state explains the walk so far');
  switch (action.do) {
    case 'advance':
      return advance(walker, state, action.beside);
    case 'park':
      return park(walker, action);
    case 'send':
      return walker.send(action.messages);
    case 'amend':
      return walker.send(action.messages, () => walker.group.amend(action.concerns, walker.stage.workers));
    case 'break':
      walker.mend();
      return mayFail(walker, action.activity) ? walker.arm(action.activity, action.mode) : undefined;
    case 'mend':
      return walker.mend();
    case 'restart':
      return walker.stage.workers.restart(action.away);
    case 'lapse':
      return lapse(walker, state, action.longer);
    case 'repeat': {
      const entries = walker.log.filter((entry) => repeatable(entry) && (action.content === 'same' || entry.reply.status < 300));
      const entry = entries[action.which % Math.max(1, entries.length)];
      return entry && repeat(walker, entry, action.content);
    }
    case 'ask-into-fault':
      return askIntoFault(walker, state, action);
    case 'rescreen':
      return rescreen(walker, action.following);
  }
}

/** What fails at a time of its own (a place given back by its time to live, a reminder) would stand beside all else. */
function mayFail({ group: { rules }, walk }: Walker, activity: string): boolean {
  return activity !== (rules.lapses ? 'releaseSlot' : walk.protocol === 'hasty' ? 'sendNotice' : '');
}

function advance(walker: Walker, state: State, beside: readonly Message[]): Promise<void> {
  if (state.parked) walker.mend();
  const useful = usefulMessage(awaitedIn(state, walker.group.rules), { stuckStep: state.parked, signs: walker.group.rules.signs });
  return walker.send([...(useful ? [useful] : []), ...beside]);
}

/** As far as the step that fails, or as the walk goes without it. */
async function park(walker: Walker, { activity, mode, said }: Extract<Action, { do: 'park' }>): Promise<void> {
  if (!mayFail(walker, activity)) return;
  walker.mend();
  walker.arm(activity, mode);
  for (let steps = 0; steps < STEPS_TO_PARK; steps += 1) {
    const [state] = walker.states;
    const useful = state && !state.parked && usefulMessage(awaitedIn(state, walker.group.rules), { stuckStep: null, signs: walker.group.rules.signs });
    if (!useful) break;
    await walker.send([useful]);
  }
  await walker.send(said);
}

/** What keeps its first answer: not what the policy refuses, nor what is answered by how the enrollment stands then. */
function repeatable({ request: { sent: { message } }, reply: { status } }: LogEntry): boolean {
  if (status === 403 || status === 404 || (status === 422 && message.kind !== 'randomisation')) return false;
  // What Study refuses at once leaves no key behind: it is judged anew.
  if (['code-break', 'unblinding'].includes(message.kind) && status !== 201) return false;
  return message.kind !== 'enrol' || (message.key === 'same' && message.content === 'same');
}

async function lapse(walker: Walker, state: State, longer: boolean): Promise<void> {
  // Who has no place yet lets those of others lapse, and may take one of them.
  if (walker.group.rules.lapses && state.place === 'deciding') return delay(LAPSES_MS * 1.6);
  if (!walker.group.rules.lapses || !(state.parked || state.place === 'awaiting-randomisation') || !RESERVED.includes(state.place)) return;
  const { sql } = walker.stage.at.database;
  await walker.until('the place is given back by its time to live', async () => {
    const rows = await sql`select 1 from site.slots where enrollment_id = ${walker.person?.enrollmentId ?? ''} and status = 'reserved'`;
    return rows.length === 0;
  });
  if (longer) await delay(LAPSES_MS);
}

/** By the kind of message: which activity carries it out, and on which step it parks. */
const CARRIED_OUT: Partial<Record<Message['kind'], [activity: string, step: string]>> = {
  results: ['recordScreeningResults', 'results'],
  decision: ['signEligibility', 'signature'],
  reconsent: ['recordConsent', 'consent'],
};

/** Somebody's message parks on its step; an operator has it tried again, or the enrollment is ended under it. */
async function askIntoFault(walker: Walker, state: State, action: Extract<Action, { do: 'ask-into-fault' }>): Promise<void> {
  const { rules } = walker.group;
  const message = usefulMessage(awaitedIn(state, rules), { stuckStep: state.parked, signs: rules.signs });
  const carried = message && CARRIED_OUT[message.kind];
  // With a deadline near, or others that may decide it, nobody could tell why it did not park.
  if (!message || !carried || walker.faults.size > 0 || state.asides.failing > 0 || state.expires?.from !== Number.POSITIVE_INFINITY && state.expires !== null || walker.windowEndsAt !== null) return;
  const [activity, stuckStep] = message.kind === 'results' && action.evaluation ? ['evaluateEligibility', 'evaluation'] : carried;
  const from = Date.now();
  walker.arm(activity, action.mode);
  const request = await prepare(walker, message);
  const asked = walker.ask(request);
  // Looked at below, where it is awaited; a failure meanwhile must not count as unhandled.
  asked.catch(() => undefined);
  await walker.until(`it parks on ${stuckStep}`, async () => (await walker.look())?.stuckStep === stuckStep);
  if (action.said === 'retry') {
    walker.mend();
    const retried = await walker.ask(await prepare(walker, { kind: 'resolve', action: 'retry' }));
    if (retried.answer.status !== 200) walker.fail(`the retry of ${stuckStep} was answered ${retried.answer.status} ${retried.answer.code}`);
    walker.explain([await asked], walker.around(from));
  } else {
    const word: Message = action.said === 'abort' ? { kind: 'resolve', action: 'abort' } : { kind: 'withdrawal', scope: 'samples' };
    const stopped = await walker.ask(await prepare(walker, word));
    // A renewed consent is recorded whatever ends the enrollment meanwhile: only then is its step left.
    walker.mend();
    if (message.kind === 'reconsent' && (await walker.look())?.stuckStep) await walker.ask(await prepare(walker, { kind: 'resolve', action: 'retry' }));
    walker.explain([stopped, await asked], walker.around(from));
  }
  await walker.rest(from);
}

async function rescreen(walker: Walker, following: boolean): Promise<void> {
  const { person, states } = walker;
  if (!person || !states.every(({ place, outcome }) => place === 'ended' && outcome !== 'active')) return;
  await checkEnrollment(walker);
  walker.mend();
  const from = Date.now();
  if (await walker.enrol(following ? person.enrollmentId : null)) await walker.rest(from);
}

/** Whoever still waits is ended, and every wait must come to its end: bounded. */
async function end(walker: Walker): Promise<void> {
  walker.mend();
  const isOver = walker.stage.workers.patience(60_000);
  for (;;) {
    const [state] = walker.states;
    if (!state || walker.states.every(({ place }) => place === 'ended')) return;
    if (isOver()) walker.fail('it has not come to its end although everything is mended');
    if (state.parked) await walker.send([{ kind: 'resolve', action: 'retry' }]);
    else if (walker.walk.ending === 'deadline' && endsByItself(walker, state)) await untilItsDeadline(walker);
    else await walker.send([walker.walk.ending === 'abort' ? { kind: 'resolve', action: 'abort' } : { kind: 'withdrawal', scope: 'all_data_collection' }]);
  }
}

function endsByItself({ windowEndsAt }: Walker, { expires }: State): boolean {
  return windowEndsAt !== null || (expires !== null && Number.isFinite(expires.from));
}

/** A deadline that nobody moves: the run must end by it. */
async function untilItsDeadline(walker: Walker): Promise<void> {
  const from = Date.now();
  await walker.until('its deadline ends it', async () => (await walker.look())?.outcome !== null, ENDS_WITHIN_MS);
  await walker.rest(from);
}
