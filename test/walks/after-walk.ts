import { isDeepStrictEqual } from 'node:util';
import { insist, STRATA } from './requests.ts';
import type { Rules, State } from './state.ts';
import { rightArm } from './unblinding.ts';
import type { Walker } from './walker.ts';

type Item = { event: string; stage: string; details: Record<string, unknown> };

/** A letter each, so that the order of what happened can be matched as a whole. */
const LETTER: Record<string, string> = {
  'INFORMED CONSENT OBTAINED': 'C', 'ELIGIBILITY EVALUATED': 'E', 'ELIGIBILITY CRITERIA MET': 'S', 'ELIGIBILITY CRITERIA NOT MET': 'N',
  'ELIGIBILITY DECISION INVALIDATED': 'I', 'ENTERED INTO TRIAL': 'T', 'RANDOMIZED': 'R', 'ENROLLMENT VOIDED': 'V', 'OPENING CANCELLED': 'X', 'OUTCOME RECORDED': 'O',
};
/** The order of the protocol; whatever is left out has ended it before. */
const ORDER = {
  direct: /^(C(TV?)?X?|X?)O{1,2}$/,
  screened: /^(CE*N?(TV?)?X?|X?)O{1,2}$/,
  // An invalidation may be the last thing before an abort or a withdrawal.
  signed: /^(CE*(ST?IV?E+)*(N|ST?I?V?)?X?|X?)O{1,2}$/,
  randomised: /^(C(E*(ST?IV?E+)*(STR|(N|ST?I?V?)?X?))?|X?)O{1,2}$/,
};
const BEFORE_SLOT = ['consent', 'screening', 'eligibility'];

/** What must be true of one enrollment that has ended, whatever was said to it. */
export async function checkEnrollment(walker: Walker): Promise<void> {
  const { person, group, stage, states } = walker;
  if (!person) return;
  const { enrollmentId } = person;
  const { body } = await insist(stage.workers, () => group.study.clinician.get(`/enrollments/${enrollmentId}/timeline`));
  const findings = [
    ...timeline(walker, body['items'] as Item[]),
    ...(await mails(walker, enrollmentId)),
    ...(await consents(walker)),
    ...(await stopped(walker, enrollmentId)),
    ...(await allocated(walker, enrollmentId)),
    ...(await rightArm(walker)),
  ];
  if (findings.length > 0) walker.fail(`after the end (${states.map(({ outcome }) => outcome).join()}): ${findings.join('; ')}`);
}

function timeline({ group: { rules }, states }: Walker, items: Item[]): string[] {
  const order = rules.randomises ? ORDER.randomised : rules.signs ? ORDER.signed : rules.screens ? ORDER.screened : ORDER.direct;
  const letters = items.map(({ event }) => LETTER[event] ?? '').join('');
  const found = order.test(letters) ? [] : [`not in the protocol's order: ${letters}`];
  let reached = false;
  // An invalidated decision leads back; what followed from it is undone until the next evaluation.
  let takenBack = false;
  for (const { event, stage } of items) {
    if (event === 'ELIGIBILITY DECISION INVALIDATED') takenBack = true;
    if (takenBack && event === 'ELIGIBILITY EVALUATED') takenBack = reached = false;
    if (takenBack) continue;
    if (reached && BEFORE_SLOT.includes(stage)) found.push(`${event} at ${stage} after the slot`);
    reached ||= !BEFORE_SLOT.includes(stage);
  }
  const outcomes = items.flatMap(({ event, details }) => (event === 'OUTCOME RECORDED' ? [String(details['outcome'])] : []));
  const [last] = outcomes.slice(-1);
  if (!states.some(({ outcome }) => outcome === last)) found.push(`outcome on the timeline: ${outcomes.join()}`);
  if (outcomes.length === 2 && outcomes.join() !== 'active,withdrawn') found.push(`two outcomes: ${outcomes.join()}`);
  return found;
}

const WITHDRAWN = ['withdrawn to doctor-1', 'withdrawn to pharmacist-1', 'withdrawn to sponsor-1'];
const EACH = ['consent_recorded to coordinator-1', 'consent_recorded to doctor-1'];

const PAST_PIVOT = ['enrolled to doctor-1'];
const RANDOMISED = ['randomised to coordinator-1', 'randomised to doctor-1', 'randomised_pharmacy to pharmacist-1'];

function required(state: State, { consented, rules }: { consented: number; rules: Rules }): string[] {
  const { outcome, pastPivot } = state;
  const ends = outcome === 'active' ? [] : outcome === 'withdrawn' ? WITHDRAWN : ['not_enrolled to coordinator-1', 'not_enrolled to sponsor-1'];
  return [...Array.from({ length: consented }, () => EACH).flat(), ...(!pastPivot ? [] : rules.randomises ? RANDOMISED : PAST_PIVOT), ...ends].toSorted();
}

/** Whom an outcome concerns is told once; nobody of what did not happen; of a signature as often as it was asked for. */
async function mails({ states, group: { rules }, stage: { at } }: Walker, enrollmentId: string): Promise<string[]> {
  const rows = await at.database.sql<{ kind: string; recipient: string; status: string }[]>`
    select kind, recipient, status from notification.messages where enrollment_id = ${enrollmentId}`;
  // Each consent that was recorded is told, a renewed one, too.
  const consented = (await at.database.sql`select 1 from patient.consents where enrollment_id = ${enrollmentId}`).length;
  const skipped = states.some(({ noticesSkipped }) => noticesSkipped);
  const unsent = skipped ? [] : rows.filter(({ status, kind }) => status !== 'sent' && kind !== 'code_broken').map(({ kind }) => `${kind} is not sent`);
  const told = (kinds: (kind: string) => boolean) => rows.filter(({ kind }) => kinds(kind)).map(({ kind, recipient }) => `${kind} to ${recipient}`).toSorted();
  const ends = told((kind) => ['consent_recorded', 'enrolled', 'randomised', 'randomised_pharmacy', 'not_enrolled', 'withdrawn'].includes(kind));
  const wanted = states.map((state) => required(state, { consented, rules }));
  const right = wanted.some((want) => (skipped ? ends.every((mail) => ends.filter((one) => one === mail).length <= want.filter((one) => one === mail).length) : want.join() === ends.join()));
  const asked = told((kind) => kind === 'signature_requested').length;
  const rightlyAsked = skipped || states.some((state) => state.asked === asked);
  return [
    ...unsent,
    ...(right ? [] : [`told: ${ends.join(', ')}; wanted: ${wanted.map((want) => want.join(', ')).join(' or ')}`]),
    ...(rightlyAsked ? [] : [`the signature was asked for ${asked} times, not ${states.map((state) => state.asked).join(' or ')}`]),
    ...(told((kind) => kind === 'signature_reminder').length > asked ? ['reminded more often than asked'] : []),
  ];
}

/** A consent that was answered as recorded stands once, under its key; one that was refused does not stand. */
async function consents({ log, person, stage: { at } }: Walker): Promise<string[]> {
  const rows = await at.database.sql<{ request_key: string; n: number }[]>`
    select request_key, count(*)::int as n from patient.consents where patient_id = ${person?.patientId ?? ''} group by request_key`;
  // The service's key names the caller before the caller's own.
  const count = new Map(rows.map((row) => [row.request_key.split('/').at(-1), row.n]));
  return log.flatMap(({ request: { sent: { message }, key }, reply: { status, body } }) => {
    const n = count.get(key) ?? 0;
    if (message.kind === 'reconsent' && status === 201 && message.how !== 'declined') return n === 1 ? [] : [`${n} records of the consent ${key}`];
    const nothing = message.kind === 'reconsent' && (message.how === 'declined' || status === 422 || body['code'] === 'enrollment_closed');
    return nothing && n > 0 ? [`a record of the refused consent ${key}`] : [];
  });
}

/** What a withdrawal past the pivot stops, and what goes on. */
async function stopped({ states, group: { rules }, stage: { at } }: Walker, enrollmentId: string): Promise<string[]> {
  const [state] = states;
  if (!state?.pastPivot || states.length > 1) return [];
  const [row] = await at.database.sql<{ casebook: string; epro: string | null; slot: string }[]>`
    select c.status as casebook, p.status as epro, s.status as slot from edc.casebooks c
    left join edc.epro_schedules p on p.enrollment_id = c.enrollment_id
    left join site.slots s on s.enrollment_id = c.enrollment_id and s.status = 'confirmed' where c.enrollment_id = ${enrollmentId}`;
  const all = state.scope === 'all_data_collection';
  const found = [
    row?.casebook === (all ? 'locked' : 'open') ? '' : `casebook ${row?.casebook} after ${state.scope ?? 'no withdrawal'}`,
    row?.epro === null || row?.epro === (all ? 'off' : 'on') ? '' : `diaries ${row?.epro} after ${state.scope ?? 'no withdrawal'}`,
    (row?.slot === 'confirmed') === !(rules.frees && state.outcome === 'withdrawn') ? '' : `place ${row?.slot ?? 'not confirmed'} past the pivot, ${state.outcome}`,
  ];
  return found.filter((finding) => finding !== '');
}

/** Exactly one allocation past the pivot, of the one request that was answered so; and no place held by anybody else. */
async function allocated({ states, log, group: { rules }, stage: { at } }: Walker, enrollmentId: string): Promise<string[]> {
  const rows = await at.database.sql<{ strata: unknown; confirmed_by: string }[]>`
    select strata, confirmed_by from study.allocations where enrollment_id = ${enrollmentId}`;
  const held = await at.database.sql`select 1 from site.slots where enrollment_id = ${enrollmentId} and status in ('reserved', 'confirmed')`;
  const asked = log.filter((entry) => entry.enrollmentId === enrollmentId && entry.request.sent.message.kind === 'randomisation' && entry.reply.status === 201);
  const wanted = (state: State) => (state.pastPivot && rules.randomises ? 1 : 0);
  const places = (state: State) => (state.pastPivot && !(rules.frees && state.outcome === 'withdrawn') ? 1 : 0);
  return [
    ...(states.some((state) => wanted(state) === rows.length) ? [] : [`${rows.length} allocations`]),
    ...(asked.length === rows.length ? [] : [`${asked.length} requests answered as randomised, ${rows.length} allocations`]),
    ...rows.filter((row) => !isDeepStrictEqual(row, { strata: STRATA.right, confirmed_by: 'doctor-1' })).map((row) => `allocated as ${JSON.stringify(row)}`),
    ...(states.some((state) => places(state) === held.length) ? [] : [`${held.length} places held`]),
  ];
}
