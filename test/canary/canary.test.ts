// Real: the whole application as a process, its PostgreSQL, Temporal, mailbox, files and log. No stand-ins.
//
// Participants whose every identifier stands nowhere else in the world go the whole way, and each step of it is made to
// fail once; so do reasons and descriptions in people's own words, which may tell of a participant. Then every file,
// log, mail, metric and error body is searched for them.
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newIdCard } from '../services/patient/support.ts';
import { type AppProcess, databaseUrl, dataFolder, endApps, issuerOf, startApp } from '../start/app-process.ts';
import { caller, type Caller, directStudy, type DirectStudy, ELIGIBLE, RANDOMISED_PROTOCOL, resultsOf } from '../support/scenario.ts';
import { filesBelow, hits, type Trace } from '../concealment/traces.ts';

const ARMS = ['CANARYARMQ1', 'CANARYARMQ2'];
const PROTOCOL = { ...RANDOMISED_PROTOCOL, randomisation: { ...RANDOMISED_PROTOCOL.randomisation, arms: ARMS.map((code) => ({ code, ratio: 1 })) } };
/** A step each, by the table that its effect stands in: refused there, with the whole row in the server's message. */
const STEPS = [
  'patient.consents', 'study.enrollments', 'study.screening_log', 'edc.screenings', 'edc.screening_results', 'study.eligibility_evaluations',
  'study.eligibility_decisions', 'site.slots', 'edc.casebooks', 'study.allocations', 'notification.messages',
] as const;

const folder = dataFolder();
let app: AppProcess;
let sql: postgres.Sql;
let study: DirectStudy;
let ops: Caller;
const identifiers: string[] = [];
const errors: Trace[] = [];
let marked = 0;

const mark = (what: string) => {
  const text = `Q${what}${randomBytes(5).toString('hex')}Z`;
  identifiers.push(text);
  return text;
};

function newPerson() {
  const idCard = newIdCard();
  const mobile = `139${randomBytes(4).readUInt32BE().toString().padStart(8, '0').slice(0, 8)}`;
  identifiers.push(idCard, mobile);
  marked += 1;
  return {
    name: mark('Name'), idCard, mobile, email: `${mark('mail').toLowerCase()}@participant.example`,
    identifiers: [{ type: 'passport', country: 'DE', value: mark('PASS').toUpperCase().slice(0, 20) }], siteId: study.siteId,
  };
}

const kept = async (where: string, answer: Promise<{ status: number; body: unknown }>) => {
  const { status, body } = await answer;
  if (status >= 400) errors.push({ where: `${where} ${status}`, text: JSON.stringify(body) });
  return { status, body: body as Record<string, string> };
};

/** The whole way; a step that is refused parks until the refusal is taken away and an operator has it tried again. */
async function participant(table?: (typeof STEPS)[number]): Promise<string> {
  const person = newPerson();
  const { body } = await study.clinician.post<{ patientInfo: { id: string } }>('/patients', person);
  const patientId = body.patientInfo.id;
  await study.clinician.post(`/patients/${patientId}/history`, { category: 'allergy', description: `tells of ${mark('History')}` });
  await study.clinician.get(`/patients/${patientId}?reveal=true`);
  await study.clinician.post('/patients/search', { idCard: person.idCard });
  await kept('same identifier, other name', study.clinician.post('/patients', { ...person, name: mark('Other') }));
  await kept('bad idCard', study.clinician.post('/patients', { ...person, idCard: `${person.idCard.slice(0, 17)}Y` }));
  await kept('unknown field', study.clinician.post('/patients', { ...person, [mark('field')]: person.name }));
  const asked = study.body(patientId) as unknown as { consent: { signers: { name: string }[] } };
  asked.consent.signers[0]!.name = person.name;
  if (table) await sql.unsafe(`alter table ${table} add constraint canary_refuses check (false) not valid`);
  let { status, body: started } = await kept('enrol', study.clinician.post('/enrollments', asked));
  if (table === 'patient.consents') {
    await sql.unsafe(`alter table ${table} drop constraint canary_refuses`);
    ({ status, body: started } = await again(() => study.clinician.post('/enrollments', asked)));
  }
  expect(status).toBeLessThan(300);
  const enrollmentId = started['enrollmentId']!;
  await attend(enrollmentId, table);
  await tellOf(enrollmentId);
  return enrollmentId;
}

/** What is told of an active participant, and why. */
async function tellOf(enrollmentId: string): Promise<void> {
  const deviation = { category: 'visit_window', severity: 'minor', description: `told of ${mark('Deviation')}` };
  const correction = { strata: { sex: 'male' }, reason: mark('Baseline') };
  const told = [
    await study.clinician.post(`/enrollments/${enrollmentId}/deviations`, deviation),
    await study.clinician.post(`/enrollments/${enrollmentId}/randomisation/baseline-correction`, correction),
  ];
  expect(told.map(({ status }) => status)).toEqual([201, 201]);
}

/** An end in somebody's own words, and a request to unblind the study. */
async function end(enrollmentId: string): Promise<void> {
  const withdrawal = { scope: 'all_data_collection', decidedBy: 'participant', reason: mark('Withdrawal') };
  expect((await study.clinician.post(`/enrollments/${enrollmentId}/withdrawal`, withdrawal)).status).toBeLessThan(300);
  await study.until(enrollmentId, (now) => now.outcome === 'withdrawn');
  const sponsor = await caller({ url: app.url, issuer: await issuerOf(folder.path) }, 'sponsor', { studies: [study.studyCode] });
  expect((await sponsor.post(`/studies/${study.studyId}/unblindings`, { scope: 'study', reason: mark('Unblinding') })).status).toBe(201);
}

async function again(ask: () => Promise<{ status: number; body: unknown }>) {
  return vi.waitFor(async () => {
    const { status, body } = await ask();
    if (status >= 300) throw new Error(`still ${status}`);
    return { status, body: body as Record<string, string> };
  }, { timeout: 30_000, interval: 300 });
}

/** Does what is awaited, and heals what was made to fail once it shows. */
async function attend(enrollmentId: string, table: string | undefined): Promise<void> {
  let broken = table !== undefined && table !== 'patient.consents';
  const before = errors.length;
  await vi.waitFor(async () => {
    const { body: now } = await study.get(enrollmentId);
    const stuck = now.needsAttention;
    // Whoever asked is told of a refusal; any other failure parks the run.
    if (broken && (stuck || now['outcome'] || errors.length > before)) {
      await sql.unsafe(`alter table ${table!} drop constraint canary_refuses`);
      broken = false;
    }
    if (stuck && !broken) await kept('resolve', ops.post(`/enrollments/${enrollmentId}/resolve`, { action: 'retry', reason: mark('Mended') }));
    const { what } = (now['awaiting'] as { what?: string } | undefined) ?? {};
    if (what === 'screening_results') void kept('results', study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, { results: resultsOf(ELIGIBLE, { reason: mark('Result') }) }));
    if (what === 'eligibility') void kept('decision', study.decide(enrollmentId, 'eligible', { reason: mark('Decision'), meaning: mark('Meaning') }));
    if (what === 'randomisation') void kept('randomise', study.randomise(enrollmentId));
    if (now['outcome'] !== 'active') throw new Error(`not active yet: ${JSON.stringify(now)}`);
  }, { timeout: 60_000, interval: 500 });
  if (broken) await sql.unsafe(`alter table ${table!} drop constraint canary_refuses`);
}

beforeAll(async () => {
  const env = { LOG_LEVEL: 'trace', STEP_ATTEMPT_MS: '3000', STEP_ATTEMPTS: '2', STEP_RETRY_INITIAL_MS: '20', STEP_RETRY_MAXIMUM_MS: '50', STEP_ROUND_MS: '1000' };
  app = await startApp({ dataDir: folder.path, env });
  const issuer = await issuerOf(folder.path);
  sql = postgres(databaseUrl(folder.path), { max: 3, onnotice: () => undefined });
  study = await directStudy({ url: app.url, issuer }, { protocol: PROTOCOL, cap: 100 });
  ops = await caller({ url: app.url, issuer }, 'ops');
  await end(await participant());
  for (const table of STEPS) await participant(table);
  await study.clinician.get(`/patients/${identifiers[0]}`);
  await sql`checkpoint`;
}, 400_000);
afterAll(async () => {
  await sql?.end({ timeout: 0 });
  await endApps();
  folder.remove();
}, 60_000);

/** As it is, and in the forms in which bytes are written as text. */
const forms = (all: readonly string[]) => all.flatMap((one) => [one, Buffer.from(one).toString('hex'), Buffer.from(one).toString('base64').slice(0, -4)]);

describe('what identifies a participant stands nowhere in plain, nor what is told in people’s own words', () => {
  it('although there were many of them, and each step failed once', () => {
    expect(marked).toBe(STEPS.length + 1);
    expect(identifiers.length).toBeGreaterThan(80);
    expect(errors.length).toBeGreaterThan(30);
  });

  it('not in the files of PostgreSQL, its write-ahead log among them', async () => {
    const files = await filesBelow(`${folder.path}/postgres`);
    // The search looks at the right thing: codes of the study stand there.
    expect(files.some(({ where, text }) => where.includes('pg_wal') && text.includes(study.studyCode))).toBe(true);
    expect(files.some(({ where, text }) => where.includes('base') && text.includes(study.studyCode))).toBe(true);
    expect(hits(forms(identifiers), files)).toEqual([]);
  });

  it('not in the files of Temporal, where no arm stands either', async () => {
    const files = await filesBelow(`${folder.path}/temporal`);
    expect(files.some(({ text }) => text.includes(study.studyCode))).toBe(true);
    expect(hits(forms([...identifiers, ...ARMS]), files)).toEqual([]);
  });

  it('not in the logs of the application and of its servers', async () => {
    const logs = [{ where: 'stdout', text: app.stdout() }, { where: 'stderr', text: app.stderr() }, ...(await filesBelow(`${folder.path}/log`))];
    expect(logs[0]!.text).toContain('/enrollments');
    expect(hits(forms([...identifiers, ...ARMS]), logs)).toEqual([]);
  });

  it('not in metrics, documentation and health', async () => {
    const outside = await Promise.all(['/metrics', '/openapi.json', '/readyz'].map(async (path) => ({ where: path, text: await (await fetch(`${app.url}${path}`)).text() })));
    expect(outside[0]!.text).toContain('http_request');
    expect(hits(forms([...identifiers, ...ARMS]), outside)).toEqual([]);
  });

  it('not in traces', async () => {
    const read = async (path: string) => (await fetch(`${app.url}/debug/traces${path}`)).text();
    const { items } = JSON.parse(await read('')) as { items: { traceId: string }[] };
    const traces = await Promise.all(items.map(async ({ traceId }) => ({ where: traceId, text: await read(`/${traceId}`) })));
    expect(traces.filter(({ text }) => text.includes('insert into') && text.includes('RunActivity:')).length).toBeGreaterThan(STEPS.length);
    expect(hits(forms([...identifiers, ...ARMS]), traces)).toEqual([]);
  });

  it('not in any error', () => {
    expect(hits([...identifiers, ...ARMS], errors)).toEqual([]);
  });

  it('not in any mail, but for the address on the envelope of a participant’s own copy', async () => {
    const mails = await filesBelow(`${folder.path}/mailbox`);
    expect(mails.length).toBeGreaterThan(20);
    const opened = mails.map(({ where, text }) => ({ where, text: text.replaceAll(/^(To|Delivered-To): .*@participant\.example\r?$/gm, '') }));
    expect(hits(forms([...identifiers, ...ARMS]), opened)).toEqual([]);
  });
});
