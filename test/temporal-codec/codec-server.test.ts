// Real: everything; the requests are those of the Temporal UI, and its command line is the real one.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WirePayload } from '../../api/codec/payload-opener.ts';
import { MOST_PAYLOADS } from '../../api/routes/codec.ts';
import { freePort } from '../../runtime/embedded/free-port.ts';
import { startTemporal } from '../../runtime/embedded/temporal.ts';
import { findTemporalBinary } from '../../runtime/setup/temporal-binary.mjs';
import { accessOf } from '../../services/common/authority/index.ts';
import { ROLES, type Role } from '../../services/common/index.ts';
import { workflowIdOf } from '../../workflows/consent-to-enrollment/messages.ts';
import { reportWorkflowIdOf } from '../../workflows/report-code-break/messages.ts';
import { incidentWorkflowIdOf } from '../../workflows/report-incident/messages.ts';
import { withdrawalWorkflowIdOf } from '../../workflows/withdraw-participant/messages.ts';
import { eventually } from '../enrollment/faults.ts';
import { auditOf } from '../support/audit.ts';
import { caller, directStudy, type DirectStudy } from '../support/scenario.ts';
import { sealedPayload, wireOf } from '../support/sealed-payload.ts';
import { memoryRing } from '../support/secrets.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

const UI = 'https://temporal-ui.hospital.example';
const FRIEND = 'https://scripts.hospital.example';
const NAME = 'Doctor One';

type Somewhere = { study: DirectStudy; enrollmentId: string; patientId: string; workflowId: string; payload: WirePayload };
let at: TestSystem;
let here: Somewhere;
let elsewhere: Somewhere;
let incident: WirePayload;
let incidentId: string;

beforeAll(async () => {
  at = await startTestSystem({ edge: { rules: { temporalUiOrigins: [UI], corsOrigins: [FRIEND] } } });
  [here, elsewhere] = [await somewhere(), await somewhere()];
  const stranger = await caller(at, 'clinician', { id: 'er-1', sites: ['NOWHERE'] });
  const { body } = await stranger.post('/patients/break-glass', { patientId: here.patientId, reason: 'unconscious' });
  incidentId = incidentWorkflowIdOf(String(body['breakGlassId']));
  await eventually('the incident is being reported', async () => (await payloadsOf(incidentId).catch(() => [])).length > 0);
  incident = (await payloadsOf(incidentId))[0]!;
}, 60_000);
afterAll(() => at.stop());

async function somewhere(): Promise<Somewhere> {
  const study = await directStudy(at, { cap: 20 });
  const patientId = await study.register();
  const { body } = await study.enrol(patientId);
  await study.until(body.enrollmentId, (now) => now.outcome === 'active');
  const workflowId = workflowIdOf({ studyCode: study.studyCode, patientId });
  return { study, patientId, enrollmentId: body.enrollmentId, workflowId, payload: (await payloadsOf(workflowId))[0]! };
}

/** The arguments that a run was started with, as Temporal keeps them. */
async function payloadsOf(workflowId: string): Promise<WirePayload[]> {
  const { events } = await at.system.client.workflow.getHandle(workflowId).fetchHistory();
  return (events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? []).map(wireOf);
}

type Answer = { status: number; text: string; headers: Headers; payloads: WirePayload[] };
type How = { token?: string | null; sites?: string[]; headers?: Record<string, string>; raw?: string };

const tokenOf = (role: Role, sites: string[]) => at.issuer.sign({ id: `${role}-1`, name: `Somebody ${role}`, role, sites, studies: [here.study.studyCode] });

/** As the UI asks; at the site of `here`, unless told otherwise. */
async function decode(role: Role, payloads: unknown, { token, sites = [here.study.siteCode], headers = {}, raw }: How = {}): Promise<Answer> {
  const bearer = token === undefined ? await tokenOf(role, sites) : token;
  const response = await fetch(`${at.url}/codec/decode?preserveStorageRefs=true`, {
    method: 'POST',
    headers: { Origin: UI, 'Content-Type': 'application/json', 'X-Namespace': 'default', ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }), ...headers },
    body: raw ?? JSON.stringify({ payloads }),
  });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers, payloads: response.ok ? (JSON.parse(text) as { payloads: WirePayload[] }).payloads : [] };
}

const valueOf = ({ data = '' }: WirePayload) => Buffer.from(data, 'base64').toString('utf8');
const metadataOf = ({ metadata = {} }: WirePayload, name: string) => Buffer.from(metadata[name] ?? '', 'base64').toString('utf8');
const trail = (by: string) => auditOf(at.database.sql, 'study', at.database.sql`verb = 'checkPayloadAccess' and request_id = ${by}`);

describe('who may read what Temporal keeps', () => {
  it.each(['coordinator', 'investigator'] as const)('%s of the site: the payload as it was before it was sealed', async (role) => {
    const { status, payloads, headers } = await decode(role, [here.payload]);
    expect(status).toBe(200);
    expect(metadataOf(payloads[0]!, 'encoding')).toBe('json/plain');
    expect(JSON.parse(valueOf(payloads[0]!))).toMatchObject({ enrollmentId: here.enrollmentId, consent: { signers: expect.arrayContaining([expect.objectContaining({ name: NAME })]) } });
    expect(headers.get('Cache-Control')).toBe('no-store');
  });

  it('of another site nobody: it comes back as it is', async () => {
    for (const sites of [[elsewhere.study.siteCode], [], ['NOWHERE']]) {
      expect(await decode('coordinator', [here.payload], { sites })).toMatchObject({ status: 200, payloads: [here.payload] });
    }
  });

  it.each(ROLES.filter((role) => accessOf('decodePayloads', role) === '403'))('%s: nothing at all', async (role) => {
    const { status, text } = await decode(role, [here.payload, incident]);
    expect([status, text.includes(NAME)]).toEqual([403, false]);
    expect(text).not.toContain(here.payload.data);
  });

  it('monitor, sponsor, auditor and clinician are among those', () => {
    for (const role of ['monitor', 'sponsor', 'auditor', 'clinician', 'data-manager', 'admin', 'patient'] as const) expect(accessOf('decodePayloads', role)).toBe('403');
  });

  it.each(['ops', 'privacy-officer'] as const)('%s: what is about no participant, and nothing of an enrollment', async (role) => {
    const { status, payloads } = await decode(role, [here.payload, incident]);
    expect(status).toBe(200);
    expect(payloads[0]).toEqual(here.payload);
    expect(JSON.parse(valueOf(payloads[1]!))).toMatchObject({ kind: 'break_glass' });
  });

  it('reports of incidents are not for the site', async () => {
    expect((await decode('coordinator', [incident])).payloads).toEqual([incident]);
  });

  it('what a withdrawal or a code-break says goes with its enrollment', async () => {
    const withdrawal = await sealedPayload(withdrawalWorkflowIdOf(here.enrollmentId), { reason: 'moved away' });
    const codeBreakId = randomUUID();
    await at.database.sql`insert into study.code_breaks ${at.database.sql({ id: codeBreakId, enrollment_id: here.enrollmentId, result: 'broken', user_id: 'doctor-1', name: NAME, role: 'investigator', reason: 'r', at: new Date(), told_at: new Date() })}`;
    const report = await sealedPayload(reportWorkflowIdOf(codeBreakId), { codeBreakId });
    const own = await decode('coordinator', [withdrawal, report]);
    expect(own.payloads.map(valueOf)).toEqual(['{"reason":"moved away"}', JSON.stringify({ codeBreakId })]);
    for (const other of [await decode('coordinator', [withdrawal, report], { sites: [elsewhere.study.siteCode] }), await decode('ops', [withdrawal, report])]) {
      expect(other.payloads).toEqual([withdrawal, report]);
    }
  });

  it('whoever was screened anew at another site shares the workflow’s id: then it takes both sites', async () => {
    const sql = at.database.sql;
    const moved = await somewhere();
    const code = moved.study.siteCode;
    expect((await decode('coordinator', [moved.payload], { sites: [code] })).payloads).not.toEqual([moved.payload]);
    const [row] = await sql`select * from study.enrollments where id = ${moved.enrollmentId}`;
    await sql`insert into study.enrollments ${sql({ ...row!, id: randomUUID(), request_key: randomUUID(), outcome: 'voided', site_id: elsewhere.study.siteId, site_code: elsewhere.study.siteCode })}`;
    expect((await decode('coordinator', [moved.payload], { sites: [code] })).payloads).toEqual([moved.payload]);
    expect((await decode('coordinator', [moved.payload], { sites: [code, elsewhere.study.siteCode] })).payloads).not.toEqual([moved.payload]);
  });
});

describe('a batch', () => {
  it('is answered one by one, in its order: what is not for the caller spoils nothing', async () => {
    const plain = { metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: Buffer.from('"Record the signed consent"').toString('base64') };
    const batch = [elsewhere.payload, plain, here.payload, tampered(here.payload), {}, incident, here.payload];
    const { status, payloads } = await decode('coordinator', batch);
    expect(status).toBe(200);
    expect(payloads.map((one, n) => (JSON.stringify(one) === JSON.stringify(batch[n]) ? 'as it came' : 'opened'))).toEqual(['as it came', 'as it came', 'opened', 'as it came', 'as it came', 'as it came', 'opened']);
    expect(JSON.stringify(payloads.map(valueOf))).not.toContain(elsewhere.patientId);
  });

  it('may be empty, or not there', async () => {
    expect((await decode('coordinator', [])).payloads).toEqual([]);
    expect((await decode('coordinator', undefined, { raw: '{}' })).payloads).toEqual([]);
  });

  it('is bounded in number and size', async () => {
    const many = (n: number) => Array.from({ length: n }, () => incident);
    expect((await decode('coordinator', many(MOST_PAYLOADS))).status).toBe(200);
    expect((await decode('coordinator', many(MOST_PAYLOADS + 1))).status).toBe(400);
    // It hangs up on what it will not read.
    expect((await decode('coordinator', [{ data: 'A'.repeat(1_000_001) }], { headers: { Connection: 'close' } })).status).toBe(413);
  });
});

/** A bit of the sealed bytes flipped. */
function tampered(payload: WirePayload): WirePayload {
  const data = Buffer.from(payload.data ?? '', 'base64');
  data[20]! ^= 1;
  return { ...payload, data: data.toString('base64') };
}

describe('what was tampered with', () => {
  const relabelled = (payload: WirePayload, workflowId: string): WirePayload => ({ ...payload, metadata: { ...payload.metadata, 'workflow-id': Buffer.from(workflowId).toString('base64') } });

  it('comes back as it is: a bit of it, another workflow’s name on it, none, another installation’s key', async () => {
    const { 'workflow-id': _name, ...nameless } = elsewhere.payload.metadata!;
    const all = [
      tampered(here.payload),
      relabelled(elsewhere.payload, here.workflowId),
      { ...elsewhere.payload, metadata: nameless },
      await sealedPayload(here.workflowId, { a: 1 }, memoryRing('another')),
      { ...here.payload, data: '' },
      { ...here.payload, data: '%%%' },
    ];
    expect(await decode('coordinator', all, { sites: [here.study.siteCode] })).toMatchObject({ status: 200, payloads: all });
  });

  it('and so does what is bound to no workflow, or to one that nothing is known of', async () => {
    const all = [await sealedPayload(undefined, { a: 1 }), await sealedPayload(workflowIdOf({ studyCode: here.study.studyCode, patientId: randomUUID() }), { a: 1 }), await sealedPayload('something/else', { a: 1 })];
    for (const role of ['coordinator', 'ops'] as const) expect((await decode(role, all)).payloads).toEqual(all);
  });
});

describe('the trail', () => {
  it('has who looked, at which workflows, at how much, and what was refused', async () => {
    const id = `codec-${randomUUID()}`;
    await decode('coordinator', [here.payload, here.payload, elsewhere.payload, tampered(here.payload)], { headers: { 'X-Request-Id': id } });
    const rows = await trail(id);
    expect(rows.map(({ entity_id, after }) => [entity_id, after])).toEqual([
      [here.workflowId, { payloads: 2, shown: true }],
      [elsewhere.workflowId, { payloads: 1, shown: false }],
      ['unopened', { payloads: 1, shown: false }],
    ]);
    for (const row of rows) expect(row).toMatchObject({ action: 'R', entity: 'workflow_payloads', actor: { kind: 'user', id: 'coordinator-1', role: 'coordinator' } });
  });

  it('comes before the text: when it can’t be written, nothing is shown', async () => {
    const sql = at.database.sql;
    await sql`alter table study.audit_entries add constraint full_disk check (verb <> 'checkPayloadAccess') not valid`;
    try {
      const answer = await decode('coordinator', [here.payload]);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain(NAME);
    } finally {
      await sql`alter table study.audit_entries drop constraint full_disk`;
    }
    expect((await decode('coordinator', [here.payload])).status).toBe(200);
  });
});

describe('who comes without being known', () => {
  it.each([['no token', null], ['something else', 'a.b.c']])('is refused: %s', async (_what, token) => {
    const { status, text } = await decode('coordinator', [here.payload], { token });
    expect(status).toBe(401);
    expect(text).not.toContain(here.payload.data);
  });

  it('cookies open nothing', async () => {
    const cookie = `user0=${Buffer.from(JSON.stringify({ AccessToken: await tokenOf('coordinator', [here.study.siteCode]) })).toString('base64')}`;
    expect((await decode('coordinator', [here.payload], { token: null, headers: { Cookie: cookie } })).status).toBe(401);
  });

  it('nothing can be sealed here', async () => {
    const response = await fetch(`${at.url}/codec/encode`, { method: 'POST', headers: { Authorization: `Bearer ${await tokenOf('coordinator', [])}`, 'Content-Type': 'application/json' }, body: '{"payloads":[]}' });
    expect(response.status).toBe(404);
  });
});

describe('scripts in browsers', () => {
  const preflight = (origin: string, path = '/codec/decode') =>
    fetch(`${at.url}${path}`, { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization,authorization-extras,content-type,x-namespace' } });

  it('those of the UI may ask, with its headers and with credentials', async () => {
    const { status, headers } = await preflight(UI);
    expect(status).toBe(204);
    expect(headers.get('Access-Control-Allow-Origin')).toBe(UI);
    expect(headers.get('Access-Control-Allow-Credentials')).toBe('true');
    expect(headers.get('Access-Control-Allow-Headers')?.toLowerCase().split(',')).toEqual(expect.arrayContaining(['authorization', 'authorization-extras', 'content-type', 'x-namespace']));
    expect((await decode('coordinator', [])).headers.get('Access-Control-Allow-Origin')).toBe(UI);
  });

  it.each([FRIEND, 'https://evil.example', 'null', `${UI}.evil.example`, 'http://temporal-ui.hospital.example'])('those of elsewhere may not, also where they may call the API: %s', async (origin) => {
    expect((await preflight(origin)).headers.has('Access-Control-Allow-Origin')).toBe(false);
    expect((await decode('coordinator', [here.payload], { headers: { Origin: origin } })).headers.has('Access-Control-Allow-Origin')).toBe(false);
  });

  it('those of the UI may not call the API', async () => {
    expect((await preflight(UI, '/api/v1/patients/search')).headers.has('Access-Control-Allow-Origin')).toBe(false);
  });
});

describe('Temporal’s own programs', () => {
  const show = async (token: string) => {
    const { path = '' } = (await findTemporalBinary()) ?? {};
    const options = ['--address', at.temporal.address, '--codec-endpoint', `${at.url}/codec`, '--codec-auth', `Bearer ${token}`, '--detailed'];
    return (await promisify(execFile)(path, ['workflow', 'show', '--workflow-id', here.workflowId, ...options], { maxBuffer: 10_000_000 })).stdout;
  };

  it('the command line shows a history to a coordinator of the site, and to nobody of elsewhere', async () => {
    expect(await show(await tokenOf('coordinator', [here.study.siteCode]))).toContain(NAME);
    const closed = await show(await tokenOf('coordinator', [elsewhere.study.siteCode]));
    expect(closed).toContain('WorkflowExecutionStarted');
    expect(closed).not.toContain(NAME);
  });

  it('the embedded UI knows the codec server, and has no login whose token it could send', async () => {
    const [port, codecEndpoint] = [await freePort(), 'http://127.0.0.1:3000/codec'];
    const server = await startTemporal({ searchAttributes: {}, uiPort: port, codecEndpoint });
    try {
      const settings = async () => (await fetch(`${server.uiUrl}/api/v1/settings`)).json() as Promise<object>;
      await eventually('the UI answers', async () => settings().then(() => true, () => false));
      expect(await settings()).toMatchObject({ Codec: { Endpoint: codecEndpoint, PassAccessToken: false }, Auth: { Enabled: false } });
    } finally {
      await server.stop();
    }
  });
});
