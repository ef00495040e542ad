import { setTimeout as delay } from 'node:timers/promises';
import type { EnrollmentView } from '../../workflows/consent-to-enrollment/types.ts';
import type { System } from '../../runtime/system.ts';
import type { Mailbox } from '../../runtime/embedded/mailbox.ts';
import type { TestDatabase } from './database.ts';

/** What is looked at: of a system in this process or in another one. */
type At = { database: Pick<TestDatabase, 'sql'>; system: Pick<System, 'client'>; mailbox: Pick<Mailbox, 'messages'> };
/** Told again when it happens again: each time under a key of its own. */
const REPEATED = ['stuck', 'signature_requested', 'signature_reminder', 'reconsent_requested', 'reconsent_declined', 'code_broken', 'code_break_refused'];
type Runs = Map<string, { workflowId: string; view: EnrollmentView }>;

/** Outcomes of an enrollment that was undone or never began; `withdrawn` belongs here unless its stage is `activation`. */
const UNDONE = ['screen_failed', 'declined', 'cap_reached', 'expired', 'voided'];

/**
 * Waits until what must always be true at rest is true, whatever has failed, and throws with what isn't when that does
 * not come within the time. Looks at all that stands in the system's database, mailbox and Temporal server, which needs
 * a live workflow worker. Findings in `known` are left out and new ones added, so that one red row of many stays one.
 */
export async function expectInvariants(at: At, { withinMs = 10_000, known = new Set() }: { withinMs?: number; known?: Set<string> } = {}): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const broken = (await brokenInvariants(at)).filter((finding) => !known.has(finding));
    if (broken.length === 0) return;
    if (Date.now() > deadline) {
      for (const finding of broken) known.add(finding);
      throw new Error(`${broken.length} invariants don't hold:\n${broken.join('\n')}`);
    }
    await delay(100);
  }
}

/** The invariants that don't hold right now, one line each; what is under way may break one for a moment. */
export async function brokenInvariants(at: At): Promise<string[]> {
  const runs = await openRuns(at);
  const found = await Promise.all([
    runsAndRecords(at, runs),
    counters(at),
    slotsOnTheRightSide(at, runs),
    allocations(at, runs),
    subjectNumbers(at),
    consents(at),
    dataCollection(at),
    screening(at),
    messages(at),
    endedInOrder(at),
    codeBreaks(at),
  ]);
  return found.flat();
}

/** Every open run by its enrollment, with its own view of itself. */
async function openRuns({ database: { sql }, system: { client } }: At): Promise<Runs> {
  const ids = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query: "WorkflowType='consentToEnrollment' and ExecutionStatus='Running'" })) {
    ids.add(workflowId);
  }
  // The list may lag behind what has just begun.
  for (const row of await sql<{ id: string }[]>`
    select format('enrollment/%s/%s', study_code, patient_id) as id from study.enrollments where outcome = 'open'`) ids.add(row.id);
  const runs: Runs = new Map();
  await Promise.all([...ids].map(async (workflowId) => {
    const handle = client.workflow.getHandle(workflowId);
    // An id without a run is a finding of its own (a record without one), so its error is taken as "not running".
    const status = await handle.describe().then((it) => it.status.name, () => 'UNKNOWN');
    if (status !== 'RUNNING') return;
    const view = await handle.query<EnrollmentView>('enrollmentView');
    runs.set(view.enrollmentId, { workflowId, view });
  }));
  return runs;
}

/** No open record without a run; no run after its record has an outcome, but one that is parked on telling of it. */
async function runsAndRecords({ database: { sql } }: At, runs: Runs): Promise<string[]> {
  const rows = await sql<{ id: string; outcome: string; stage: string }[]>`select id, outcome, stage from study.enrollments`;
  const records = new Map(rows.map((row) => [row.id, row]));
  const orphans = rows.filter((row) => row.outcome === 'open' && !runs.has(row.id)).map((row) => `open record without a run: ${row.id} (${row.stage})`);
  const lingering = [...runs].flatMap(([id, { view }]) => {
    const outcome = records.get(id)?.outcome ?? 'open';
    const tells = view.outcome === outcome && view.stuckStep === 'notices';
    return outcome === 'open' || tells ? [] : [`run goes on although the record says ${outcome}: ${id} (${view.stage}, outcome: ${view.outcome}, stuck: ${view.stuckStep})`];
  });
  return [...orphans, ...lingering];
}

/** The counters of an activation are its slots, and never more than the cap. */
async function counters({ database: { sql } }: At): Promise<string[]> {
  const wrong = await sql<{ id: string; reserved: number; confirmed: number; rows_reserved: number; rows_confirmed: number; cap: number }[]>`
    select a.id, a.cap, a.reserved, a.confirmed,
      count(*) filter (where s.status = 'reserved')::int as rows_reserved, count(*) filter (where s.status = 'confirmed')::int as rows_confirmed
    from site.activations a left join site.slots s on s.activation_id = a.id group by a.id
    having a.reserved <> count(*) filter (where s.status = 'reserved') or a.confirmed <> count(*) filter (where s.status = 'confirmed')
      or a.reserved + a.confirmed > a.cap`;
  return wrong.map((row) => `counters differ from slots: ${JSON.stringify(row)}`);
}

/** Confirmed slots are the participants past the pivot, reserved ones the runs between reservation and confirmation. */
async function slotsOnTheRightSide({ database: { sql } }: At, runs: Runs): Promise<string[]> {
  const slots = await sql<{ enrollment_id: string; status: string }[]>`
    select distinct on (enrollment_id) enrollment_id, status from site.slots
    order by enrollment_id, (status in ('reserved', 'confirmed')) desc, id desc`;
  const statusOf = new Map(slots.map((slot) => [slot.enrollment_id, slot.status]));
  const past = await sql<{ id: string }[]>`
    select e.id from study.enrollments e join study.protocol_versions v on v.id = e.protocol_version_id
    where outcome = 'active' or (outcome = 'withdrawn' and stage = 'activation' and not coalesce((v.body #>> '{randomisation,freesCapOnWithdrawal}')::boolean, false))`;
  const pastPivot = new Set([...past.map((row) => row.id), ...[...runs].filter(([, run]) => run.view.pastPivot).map(([id]) => id)]);
  const broken = [...pastPivot].filter((id) => statusOf.get(id) !== 'confirmed').map((id) => `past the pivot without a confirmed slot: ${id}`);
  for (const [id, status] of statusOf) {
    if (status === 'confirmed' && !pastPivot.has(id)) broken.push(`confirmed slot of one who is not past the pivot: ${id}`);
    const view = runs.get(id)?.view;
    const between = view !== undefined && !view.pastPivot && ['slot', 'enrollment', 'casebook', 'randomisation'].includes(view.stage);
    if (status === 'reserved' && !between) broken.push(`reserved slot without a run between reservation and confirmation: ${id}`);
  }
  for (const [id, { view }] of runs) {
    // A released one is no finding: its time to live has ended, and another is reserved before the pivot.
    if (['enrollment', 'casebook', 'randomisation'].includes(view.stage) && !statusOf.has(id)) broken.push(`run beyond the reservation that never had a slot: ${id}`);
  }
  return broken;
}

/** Exactly those past the pivot of a protocol that randomises have an allocation; positions are 1, 2, 3, … in each stratum. */
async function allocations({ database: { sql } }: At, runs: Runs): Promise<string[]> {
  const past = [...runs].filter(([, { view }]) => view.pastPivot).map(([id]) => id);
  const wrong = await sql<{ id: string; outcome: string; n: number }[]>`
    select e.id, e.outcome, count(a.id)::int as n from study.enrollments e join study.protocol_versions v on v.id = e.protocol_version_id
    left join study.allocations a on a.enrollment_id = e.id
    group by e.id, v.id having count(a.id) <> case when v.body ? 'randomisation'
      and (e.outcome = 'active' or (e.outcome = 'withdrawn' and e.stage = 'activation') or e.id::text in ${sql(['', ...past])}) then 1 else 0 end`;
  const gaps = await sql<{ key: string }[]>`
    select s.key from study.randomisation_strata s left join study.allocations a on a.stratum_id = s.id
    group by s.id having s.next - 1 <> count(a.id) or count(a.id) <> coalesce(max(a.position), 0)`;
  return [
    ...wrong.map((row) => `${row.n} allocations although ${row.outcome}: ${row.id}`),
    ...gaps.map((row) => `positions of a stratum with a gap: ${row.key}`),
  ];
}

/** Numbers per site are 1, 2, 3, … without a gap, each on one line; a line has the outcome of its record. */
async function subjectNumbers({ database: { sql } }: At): Promise<string[]> {
  const gaps = await sql<{ site_id: string; lines: number; numbers: number; highest: number; last: number | null }[]>`
    select l.study_id, l.site_id, count(*)::int as lines, count(distinct subject_number)::int as numbers,
      max(substring(subject_number from '[0-9]+$')::int) as highest, c.last
    from study.screening_log l left join study.subject_counters c using (study_id, site_id) group by l.study_id, l.site_id, c.last
    having count(*) <> count(distinct subject_number) or count(*) <> max(substring(subject_number from '[0-9]+$')::int)
      or c.last is distinct from count(*)`;
  const apart = await sql<{ id: string }[]>`
    select coalesce(e.id, l.enrollment_id) as id from study.enrollments e full join study.screening_log l on l.enrollment_id = e.id
    where (e.subject_number is not null or l.enrollment_id is not null)
      and (e.subject_number is distinct from l.subject_number or e.outcome is distinct from coalesce(l.outcome, 'open'))`;
  return [
    ...gaps.map((row) => `subject numbers with a gap or twice: ${JSON.stringify(row)}`),
    ...apart.map((row) => `record and screening-log line disagree: ${row.id}`),
  ];
}

/** One consent per request; who has a subject number has exactly the one that the request recorded. */
async function consents({ database: { sql } }: At): Promise<string[]> {
  const wrong = await sql<{ id: string; n: number }[]>`
    select e.id, count(c.id)::int as n from study.enrollments e
    left join patient.consents c on c.enrollment_id = e.id and c.request_key = e.request_key
    group by e.id having count(c.id) > 1 or (count(c.id) = 0 and e.subject_number is not null)`;
  const twice = await sql<{ request_key: string; n: number }[]>`
    select request_key, count(*)::int as n from patient.consents group by request_key having count(*) > 1`;
  return [
    ...wrong.map((row) => `enrollment with ${row.n} consents for its request: ${row.id}`),
    ...twice.map((row) => `${row.n} consents for one request: ${row.request_key}`),
  ];
}

/** At most one casebook and ePRO schedule each, nothing open for an undone enrollment, a casebook for an active one. */
async function dataCollection({ database: { sql } }: At): Promise<string[]> {
  const twice = await sql<{ id: string }[]>`
    select enrollment_id as id from edc.casebooks group by 1 having count(*) > 1
    union all select enrollment_id from edc.epro_schedules group by 1 having count(*) > 1`;
  const open = await sql<{ id: string; outcome: string }[]>`
    select e.id, e.outcome from study.enrollments e
    left join edc.casebooks c on c.enrollment_id = e.id left join edc.epro_schedules p on p.enrollment_id = e.id
    where (e.outcome in ${sql(UNDONE)} or (e.outcome = 'withdrawn' and e.stage <> 'activation')) and (c.status = 'open' or p.status = 'on')`;
  const missing = await sql<{ id: string }[]>`
    select e.id from study.enrollments e left join edc.casebooks c on c.enrollment_id = e.id
    where e.outcome = 'active' and (c.status is distinct from 'open' or e.enrolled_at is null or e.enrollment_voided_at is not null)`;
  return [
    ...twice.map((row) => `two casebooks or ePRO schedules: ${row.id}`),
    ...open.map((row) => `data collection open although ${row.outcome}: ${row.id}`),
    ...missing.map((row) => `active without being enrolled or without an open casebook: ${row.id}`),
  ];
}

/** A decision in force on what was signed; forms closed where the enrollment was undone; one value per item. */
async function screening({ database: { sql } }: At): Promise<string[]> {
  const decisions = await sql<{ id: string; n: number }[]>`
    select enrollment_id as id, count(*)::int as n from study.eligibility_decisions where invalidated_at is null
    group by enrollment_id having count(*) > 1`;
  const unsigned = await sql<{ id: string; outcome: string }[]>`
    select e.id, e.outcome from study.enrollments e join study.protocol_versions v on v.id = e.protocol_version_id
    left join study.eligibility_decisions d on d.enrollment_id = e.id and d.invalidated_at is null
    left join lateral (select sha256, verdict from study.eligibility_evaluations where enrollment_id = e.id order by id desc limit 1) s on true
    where v.body ? 'eligibilitySignature' and (e.outcome = 'active' or e.outcome = 'withdrawn' and e.stage = 'activation')
      and (d.decision is distinct from 'eligible' or d.sha256 is distinct from s.sha256 or s.verdict is distinct from 'met')`;
  const open = await sql<{ id: string; outcome: string }[]>`
    select e.id, e.outcome from study.enrollments e join edc.screenings s on s.enrollment_id = e.id
    where e.outcome in ${sql(UNDONE)} and s.status = 'open'`;
  const values = await sql<{ id: string }[]>`
    select screening_id || ' ' || item as id from edc.screening_results where current group by screening_id, item having count(*) > 1`;
  return [
    ...decisions.map((row) => `${row.n} eligibility decisions in force: ${row.id}`),
    ...unsigned.map((row) => `${row.outcome} without a signature on the last evaluation: ${row.id}`),
    ...open.map((row) => `screening forms open although ${row.outcome}: ${row.id}`),
    ...values.map((row) => `two current values: ${row.id}`),
  ];
}

/** One message per notice and recipient of an enrollment (incidents belong to none); each sent message is in the mailbox once, and no mail without its message. */
async function messages({ database: { sql }, mailbox }: At): Promise<string[]> {
  const mails = await mailbox.messages();
  const rows = await sql<{ message_id: string; status: string }[]>`select message_id, status from notification.messages`;
  const twice = await sql<{ id: string }[]>`
    select enrollment_id || ' ' || kind || ' ' || recipient as id from notification.messages where enrollment_id is not null and kind not in ${sql(REPEATED)}
    group by enrollment_id, kind, recipient having count(*) > case
      when kind = 'consent_recorded' then greatest(1, (select count(*) from patient.consents c where c.enrollment_id = messages.enrollment_id)) else 1 end
    union all select command_key || ' ' || recipient from notification.messages group by command_key, recipient having count(*) > 1`;
  const broken = twice.map((row) => `two messages for one notice and recipient: ${row.id}`);
  const count = new Map<string, number>();
  for (const { messageId } of mails) count.set(messageId, (count.get(messageId) ?? 0) + 1);
  const known = new Set(rows.map((row) => row.message_id));
  for (const [id, times] of count) {
    if (times > 1) broken.push(`${times} mails of one Message-ID: ${id}`);
    if (!known.has(id)) broken.push(`mail without its message: ${id}`);
  }
  // The mailbox lists its newest thousand: beyond that a mail may have left the list.
  const lost = mails.length < 1000 ? rows.filter((row) => row.status === 'sent' && !count.has(row.message_id)) : [];
  return [...broken, ...lost.map((row) => `message marked as sent that never arrived: ${row.message_id}`)];
}

/** Whoever must know of a code-break has been told. */
async function codeBreaks({ database: { sql } }: At): Promise<string[]> {
  const untold = await sql<{ id: string }[]>`select id from study.code_breaks where told_at is null`;
  return untold.map(({ id }) => `code-break that nobody was told of: ${id}`);
}

/** A run ends with its outcome, never with an error. */
async function endedInOrder({ system: { client } }: At): Promise<string[]> {
  const broken: string[] = [];
  const query = "WorkflowType='consentToEnrollment' and ExecutionStatus in ('Failed', 'TimedOut', 'Terminated', 'Canceled')";
  for await (const { workflowId, status } of client.workflow.list({ query })) broken.push(`run ended as ${status.name}: ${workflowId}`);
  return broken;
}
