import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { fails, losesEveryAnswer } from '../faults/fault-plan.ts';
import type { EnrollmentBody } from '../support/scenario.ts';
import type { TestSystem } from '../support/system.ts';
import type { Walk } from './actions.ts';
import type { Answer, Message, Sent } from './answers.ts';
import { answerOf, type Asked, isRandomisation, OWED_WITHIN_MS } from './asked.ts';
import { type Group, mostTaken } from './group.ts';
import { after, briefly, type Answered, closure, explained, mayHang, restingAs, type Seen } from './model.ts';
import { prepare } from './prepare.ts';
import { asAnswer, codeOf, consentOf, insist, type Person, type Reply, type Request } from './requests.ts';
import { begun, type FaultMode, HELD, type State, type Surroundings } from './state.ts';
import type { Workers } from './workers.ts';

export type Stage = { at: TestSystem; plan: FaultPlan; workers: Workers };
export type LogEntry = { request: Request; reply: Reply; enrollmentId: string };

const REST_WITHIN_MS = 20_000;
/** Armed together: the step itself as asked, and what settles or undoes it so that it fails. */
const PAIRS: Record<string, readonly string[]> = {
  settle: ['confirmSlot', 'settleSlotConfirmation'],
  'settle-randomisation': ['randomiseParticipant', 'settleRandomisation'],
  'take-back': ['randomiseParticipant', 'unconfirmSlot'],
};

/** One person on one walk: what was said and answered, and the states of the model that explain it. */
export class Walker {
  readonly stage: Stage;
  readonly group: Group;
  readonly walk: Walk;
  readonly trace: string[] = [];
  readonly log: LogEntry[] = [];
  /** Where it came to rest: stage, and why. */
  readonly visited = new Set<string>();
  readonly faults = new Map<string, FaultMode>();
  person: Person | null = null;
  states: readonly State[] = [];
  /** Requests that somebody else has to act for, before they are answered. */
  #owed: readonly Asked[] = [];
  windowEndsAt: number | null = null;
  /** Digests by what they cover, as the model names it. */
  readonly digests = new Map<string, string>();
  /** The slot may have been refused long before its undoing ends in `cap_reached`. */
  readonly #began = Date.now();
  #patientId = '';

  constructor(stage: Stage, group: Group, walk: Walk) {
    Object.assign(this, { stage, group, walk });
    this.stage = stage;
    this.group = group;
    this.walk = walk;
  }

  around(from: number, more: Partial<Surroundings> = {}): Surroundings {
    const { group, faults, windowEndsAt } = this;
    return {
      rules: group.rules, faults, versions: group.versionsSince(from), concernsAll: group.concernsAll, mayBeFull: group.cap !== null,
      from, now: Date.now(), windowEndsAt, consentsMeet: false, randomisationsMeet: false, deskWasOpen: false, ...more,
    };
  }

  say(line: string): void {
    this.trace.push(line);
  }

  fail(why: string): never {
    throw new Error(why);
  }

  arm(activity: string, mode: FaultMode): void {
    for (const [index, name] of (PAIRS[activity] ?? [activity]).entries()) {
      const how = index === 0 ? mode : 'fails';
      this.faults.set(name, how);
      this.stage.plan.arm({ patientId: this.#patientId, activity: name }, how === 'loses' ? losesEveryAnswer : fails);
    }
  }

  mend(): void {
    for (const activity of this.faults.keys()) this.stage.plan.heal({ patientId: this.#patientId, activity });
    this.faults.clear();
  }

  /** Registers the person and enrols them; false when the site has no place left. */
  async begin(): Promise<boolean> {
    const { group, walk, stage } = this;
    const key = randomUUID();
    const about = { name: 'Test Person', identifiers: [{ type: 'passport', country: 'CN', value: `E${key.replaceAll('-', '').slice(0, 12)}` }], siteId: group.study.siteId };
    const registered = await insist(stage.workers, () => group.study.clinician.post('/patients', about, key));
    this.#patientId = String((registered.body['patientInfo'] as Record<string, unknown>)['id']);
    if (walk.stuckAtOnce) this.arm('recordConsent', 'fails');
    return this.enrol(null);
  }

  /** POST /enrollments, as a re-screening or anew. */
  async enrol(rescreenOf: string | null): Promise<boolean> {
    const { group, walk, stage } = this;
    const { study } = group;
    const from = Date.now();
    const version = walk.consent === 'outdated' ? -1 : walk.consent === 'first' ? 0 : group.versionsSince(from).certain;
    const window = rescreenOf === null && group.rules.screens && walk.windowLeft !== null ? walk.windowLeft : null;
    const signedAt = window !== null ? new Date(from - 28 * 86_400_000 + window) : walk.consent === 'newest' ? new Date() : new Date(from - 600_000);
    const content = consentOf(group, { version: window === null ? version : Math.min(version, 0), witness: !walk.reads, signedAt });
    const body = { ...study.body(this.#patientId, content), canRead: walk.reads, rescreenOf };
    const key = randomUUID();
    const reply = await insist(stage.workers, () => study.clinician.post('/enrollments', body, key));
    this.say(`enrol ${String(content['version'])}: ${reply.status} ${String(reply.body['code'] ?? reply.body['enrollmentId'])}`);
    const missing = (reply.body['missing'] ?? []) as string[];
    const randomised = group.rules.randomises && this.states.some(({ pastPivot }) => pastPivot);
    if (randomised !== missing.includes('already_randomised')) this.fail(`${randomised ? 'randomised' : 'not randomised'}, and told ${reply.status} ${missing.join()}`);
    if (reply.status === 409 && reply.body['code'] === 'cap_reached') {
      await this.#wasFull(from);
      return false;
    }
    if (reply.status === 409 && (randomised || isDeepStrictEqual(missing, ['rescreens_used_up']))) return false;
    if (reply.status === 409 && reply.body['code'] === 'not_admissible') this.fail(`refused, although nothing is missing: ${JSON.stringify(reply.body['missing'])}`);
    if (reply.status !== 201 && reply.status !== 202) this.fail(`POST /enrollments was answered ${reply.status} ${String(reply.body['code'])}`);
    if (reply.status === 202 && !this.faults.has('recordConsent') && !stage.workers.awaySince(from - 5000)) this.say('  (202 although nothing was away)');
    const enrollmentId = String(reply.body['enrollmentId']);
    this.person = { enrollmentId, patientId: this.#patientId, enrolment: { body, key }, reads: walk.reads };
    this.windowEndsAt = window === null ? null : signedAt.getTime() + 28 * 86_400_000;
    // Signed by one who was not entitled, or on a version that was replaced meanwhile: the answer says so.
    const validity = reply.body['consentValidity'];
    const valid = validity === undefined ? version >= 0 : validity === 'valid';
    if (valid !== version >= 0 && !(walk.consent === 'newest' && group.versionsSince(from).possible > version)) this.fail(`the first consent was judged ${String(validity)}`);
    this.states = [begun(group.rules, valid ? version : -1)];
    const sent: Sent = { message: { kind: 'enrol', content: 'same', key: 'same' } };
    this.log.push({ request: { sent, who: study.clinician, path: '/enrollments', body, key }, reply, enrollmentId });
    return true;
  }

  /** Sends these at the same moment; answers are legal in some order of them, or the walk fails. */
  async send(messages: readonly Message[], beside: () => Promise<unknown> = async () => undefined): Promise<void> {
    const from = Date.now();
    const consentsMeet = messages.filter(({ kind }) => kind === 'reconsent').length > 1;
    const deskWasOpen = this.states.some(({ desk }) => desk === 'open' || desk === 'queue');
    const prepared = await Promise.all(messages.filter((message, index) => this.#certain(message, messages) && !this.#wouldQueue(messages, index)).map((message) => prepare(this, message)));
    const all = prepared.map(({ sent }) => sent);
    const asked = prepared.filter(({ sent }) => !mayHang(this.states, sent, { around: this.around(from), beside: all })).map((request) => this.#begin(request));
    const randomisationsMeet = asked.filter(isRandomisation).length > 1;
    const owed = [...this.#owed, ...asked.filter(isRandomisation)];
    const [answered] = await Promise.all([Promise.all(asked.filter((one) => !isRandomisation(one)).map(({ reply }) => reply)), beside()]);
    await this.#restOwing({ from, answered, owed }, { consentsMeet, randomisationsMeet, deskWasOpen });
  }

  #begin(request: Request): Asked {
    const asked: Asked = { sent: request.sent, reply: this.ask(request), answered: null, posted: false };
    const settled = (answered: Answered | Error) => void Object.assign(asked, { answered });
    asked.reply.then(settled, (error: unknown) => settled(error instanceof Error ? error : new Error(String(error))));
    return asked;
  }

  /** Where a step may park on it, one request for the randomisation at a time: of two nobody could tell which is being done. */
  #wouldQueue(messages: readonly Message[], index: number): boolean {
    return messages[index]?.kind === 'randomisation' && this.faults.size > 0 && messages.slice(0, index).some(({ kind }) => kind === 'randomisation');
  }

  /** Comes to rest with an answer to each request, or with one that the model says is being done and waits for an operator. */
  async #restOwing({ from, answered, owed }: { from: number; answered: readonly Answered[]; owed: readonly Asked[] }, more: Partial<Surroundings>): Promise<void> {
    const isOver = this.stage.workers.patience(REST_WITHIN_MS);
    for (;;) {
      const known = owed.flatMap((one) => (one.answered === null ? [] : [answerOf(one)]));
      if (known.length === owed.length) {
        this.#owed = [];
        this.explain([...answered, ...known], this.around(from, more));
        return this.rest(from);
      }
      const seen = await this.look();
      const around = this.around(from, more);
      const open = owed.filter((one) => one.answered === null);
      // Answered while it was looked at: then what was seen may be of before.
      const resting = seen && open.length + known.length === owed.length ? restingAs(after(this.states, [...answered, ...known, ...open.map(({ sent, posted }) => ({ sent, posted, answer: null }))], around), seen, around) : [];
      if (seen && resting.length > 0) {
        this.#owed = open.map((one) => Object.assign(one, { posted: true }));
        this.#restsAs(resting, seen);
        return;
      }
      if (isOver()) this.fail(`a request for the randomisation is not answered within ${REST_WITHIN_MS} ms, at ${JSON.stringify(seen)}; legal:\n${explained(this.states, owed.map(({ sent }) => sent), around)}`);
      await delay(25);
    }
  }

  /** Under another key the same paper would begin another enrollment once this one has ended: not what is meant here. */
  #certain(message: Message, beside: readonly Message[]): boolean {
    if (message.kind !== 'enrol' || message.key === 'same') return true;
    const stays = this.states.every(({ place, outcome, expires }) => (place !== 'ended' || outcome === 'active') && place !== 'telling-end' && !Number.isFinite(expires?.from ?? Number.NaN));
    return stays && this.windowEndsAt === null && beside.every(({ kind }) => kind === 'enrol' || kind === 'stranger');
  }

  async ask(request: Request): Promise<Answered & { answer: Answer }> {
    const { sent, who, path, body, key } = request;
    const stored = sent.message.kind === 'withdrawal';
    const reply = await insist(this.stage.workers, () => who.post(path, body, key), { stored, ...(sent.message.kind === 'randomisation' ? { withinMs: OWED_WITHIN_MS } : {}) });
    this.say(`  ${JSON.stringify(sent.message)}: ${reply.status} ${codeOf(reply)}`);
    const enrollmentId = this.person?.enrollmentId ?? '';
    this.log.push({ request, reply, enrollmentId });
    return { sent, answer: asAnswer(sent, reply) };
  }

  explain(answered: readonly Answered[], around: Surroundings): void {
    const next = after(this.states, answered, around);
    if (next.length === 0) this.fail(`no legal order explains these answers; legal would be, by state:\n${explained(this.states, answered.map(({ sent }) => sent), around)}`);
    this.states = next;
  }

  /** Waits until the run does nothing any more, and looks as the model says; bounded. */
  async rest(from: number): Promise<void> {
    const isOver = this.stage.workers.patience(REST_WITHIN_MS);
    for (;;) {
      const seen = await this.look();
      const around = this.around(from);
      const states = seen ? restingAs(this.states, seen, around) : [];
      if (seen && states.length > 0) {
        if (states.some(({ outcome }) => outcome === 'cap_reached') && !this.trace.at(-1)?.includes('cap_reached')) await this.#wasFull(this.#began);
        this.#restsAs(states, seen);
        return;
      }
      if (isOver()) {
        const legal = closure(this.states, around).map((state) => `  ${briefly(state, around)}`).slice(0, 20).join('\n');
        this.fail(`not at rest as the model has it within ${REST_WITHIN_MS} ms, but ${JSON.stringify(seen)} (${await this.#running()}); legal:\n${legal}`);
      }
      await delay(25);
    }
  }

  #restsAs(states: readonly State[], seen: Seen): void {
    this.states = states;
    this.say(`  = ${JSON.stringify(seen)}`);
    this.visited.add(`${seen.stage} ${seen.outcome ?? (seen.stuckStep ? `parked ${seen.stuckStep}` : seen.awaiting)}`);
  }

  /** Looks again until it is as said; bounded. */
  async until(what: string, holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
    const isOver = this.stage.workers.patience(withinMs);
    while (!(await holds())) {
      if (isOver()) this.fail(`not within ${withinMs} ms: ${what}; seen last: ${JSON.stringify(await this.look())}`);
      await delay(25);
    }
  }

  /** Null while the run is at work, or nobody can tell. */
  async look(): Promise<Seen | null> {
    const { stage, group, person } = this;
    if (!person || (await this.#running()) === 'at work') return null;
    const { body } = await insist(stage.workers, () => group.study.get(person.enrollmentId));
    const { outcome, stuckStep, awaiting, degraded, status } = body as EnrollmentBody;
    if (degraded) return null;
    return { stage: body['stage'] as string, status, outcome: outcome ?? null, stuckStep: stuckStep ?? null, awaiting: awaiting?.what ?? null };
  }

  async #running(): Promise<'at work' | 'waiting' | 'ended'> {
    const { at, workers } = this.stage;
    const began = Date.now();
    try {
      const { raw, status } = await at.system.client.workflow.getHandle(`enrollment/${this.group.study.studyCode}/${this.#patientId}`).describe();
      if (status.name !== 'RUNNING') return 'ended';
      return (raw.pendingActivities ?? []).length > 0 || raw.pendingWorkflowTask ? 'at work' : 'waiting';
    } catch (error) {
      if (workers.awaySince(began)) return 'at work';
      throw error;
    }
  }

  async #wasFull(from: number): Promise<void> {
    const { stage, group } = this;
    const taken = await mostTaken(stage.at, group, { from, until: Date.now() });
    if (taken < (group.cap ?? Number.POSITIVE_INFINITY)) this.fail(`cap_reached although at most ${taken} of ${group.cap} places were taken`);
  }

  get awaitsConsent(): boolean {
    return this.states.some(({ place }) => HELD.includes(place));
  }
}
