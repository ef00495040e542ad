// Real: API, services, PostgreSQL. Stand-ins: the workflow engine, which can be away, and the mail server.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requireRecentAuthentication } from '../../api/auth/re-authentication.ts';
import { openApiDocument } from '../../api/openapi.ts';
import { ROLES } from '../../services/common/index.ts';
import { ARM } from '../support/allocation.ts';
import { type Answer, nextKey, startTestApi, type TestApi } from './support.ts';
import { enrolled, HOME, OTHER, setUpTrial, type Trial } from './trial.ts';
import { allocated } from './unblinded.ts';
import { auditOf } from '../support/audit.ts';

let api: TestApi;
let trial: Trial;
let logged = '';

beforeAll(async () => {
  const log = pino({ level: 'trace' }, new Writable({ write: (chunk, _encoding, done) => ((logged += String(chunk)), done()) }));
  api = await startTestApi({ log });
  trial = await setUpTrial(api);
});
afterAll(() => api.stop());
beforeEach(() => {
  api.gateway.away = false;
});

async function randomised(): Promise<string> {
  const { enrollmentId } = await enrolled(api, trial);
  await allocated(api, { ...trial, enrollmentId });
  return enrollmentId;
}

const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;
const investigator = (more = {}) => api.as('investigator', { sites: [HOME], ...more });
const breakCode = (enrollmentId: string, { by = investigator(), key = nextKey(), reason = 'overdose' } = {}): Promise<Answer> =>
  by('POST', `/enrollments/${enrollmentId}/code-break`, { body: { reason }, key });
/** A person who has broken no code yet, with the task. */
async function fresh(id: string) {
  const body = { userId: id, siteId: trial.siteId, tasks: ['unblinding'], from: '2026-02-01T00:00:00Z' };
  expect((await trial.admin('POST', `/studies/${trial.studyId}/delegations`, { body })).status).toBe(201);
  return investigator({ id });
}
const reports = () => api.gateway.calls.filter(({ name }) => name === 'reportCodeBreak').map(({ message }) => message as { codeBreakId: string; result: string });
const rows = (enrollmentId: string) => api.database.sql`select * from study.code_breaks where enrollment_id = ${enrollmentId} order by id`;

describe('a code-break over REST', () => {
  test('shows the arm to that caller only, kept by no cache, and begins the report', async () => {
    const enrollmentId = await randomised();
    const { status, headers, body, text } = await breakCode(enrollmentId);
    expect([status, headers.get('Cache-Control')]).toEqual([201, 'no-store']);
    expect(body).toEqual({ codeBreakId: expect.any(String), enrollmentId, subjectNumber: null, arm: ARM, at: expect.any(String) });
    await expect.poll(() => JSON.stringify(reports())).toContain(JSON.parse(text).codeBreakId);
    expect(JSON.stringify(reports())).not.toMatch(new RegExp(`${ARM}|overdose|Somebody`));
  });

  test.each([['six minutes ago', { authTime: secondsAgo(360) }], ['an hour ago', { authTime: secondsAgo(3600) }]])(
    'by somebody authenticated %s is 401 with what to ask the issuer for (RFC 9470), and nothing is recorded',
    async (_when, token) => {
      const enrollmentId = await randomised();
      const { status, body, headers } = await breakCode(enrollmentId, { by: investigator(token) });
      expect([status, body.code]).toEqual([401, 'insufficient_user_authentication']);
      expect(headers.get('WWW-Authenticate')).toBe('Bearer error="insufficient_user_authentication", max_age=300');
      expect(await rows(enrollmentId)).toEqual([]);
      expect((await breakCode(enrollmentId, { by: investigator({ authTime: secondsAgo(240) }) })).status).toBe(201);
    },
  );

  test('needs a token that says when its person authenticated, as often as configured', () => {
    const refused = (authTime: number | undefined, maxAuthAgeS?: number) => {
      try {
        const c = { var: { user: authTime === undefined ? {} : { authTime } } } as Parameters<typeof requireRecentAuthentication>[0];
        requireRecentAuthentication(c, { clock: () => new Date(1_000_000_000_000), ...(maxAuthAgeS === undefined ? {} : { maxAuthAgeS }) });
        return null;
      } catch (error) {
        return (error as { more: { headers: Record<string, string> } }).more.headers['WWW-Authenticate']?.match(/max_age=\d+/)?.[0];
      }
    };
    expect([refused(undefined), refused(1_000_000_000 - 301), refused(1_000_000_000 - 300)]).toEqual(['max_age=300', 'max_age=300', null]);
    expect([refused(1_000_000_000 - 61, 60), refused(1_000_000_000 - 60, 60)]).toEqual(['max_age=60', null]);
  });

  test('repeated with the same key by somebody not authenticated anew shows nothing', async () => {
    const enrollmentId = await randomised();
    const key = nextKey();
    const first = await breakCode(enrollmentId, { key });
    expect((await breakCode(enrollmentId, { key })).body).toEqual(first.body);
    const stale = await breakCode(enrollmentId, { key, by: investigator({ authTime: secondsAgo(400) }) });
    expect([stale.status, stale.text.includes(ARM)]).toEqual([401, false]);
    expect(await rows(enrollmentId)).toHaveLength(1);
  });

  test('is answered at once while the engine and the Site service are away', async () => {
    const enrollmentId = await randomised();
    const { site } = api.services.channels.clientsOf('api');
    const { getSiteByCode } = site;
    site.getSiteByCode = () => Promise.reject(new Error('Site is away'));
    api.gateway.away = true;
    try {
      // A site that was never asked for: its id is remembered by nobody.
      const { status, text } = await breakCode(enrollmentId, { by: investigator({ sites: [HOME, 'NEVER-SEEN'] }) });
      expect([status, text.includes(ARM)]).toEqual([201, true]);
      expect(await rows(enrollmentId)).toMatchObject([{ result: 'broken', told_at: null }]);
    } finally {
      site.getSiteByCode = getSiteByCode;
    }
  });

  test('of the sixth subject within an hour is 429 with Retry-After, recorded and reported; its key answers so again', async () => {
    const by = await fresh('limited-1');
    const subjects: string[] = [];
    for (let count = 0; count < 6; count += 1) subjects.push(await randomised());
    for (const enrollmentId of subjects.slice(0, 5)) expect((await breakCode(enrollmentId, { by })).status).toBe(201);
    const [sixth, key] = [subjects[5]!, nextKey()];
    const refused = await breakCode(sixth, { by, key });
    expect([refused.status, refused.body.code, refused.text.includes(ARM)]).toEqual([429, 'code_break_limit', false]);
    const seconds = Number(refused.headers.get('Retry-After'));
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
    expect((await breakCode(sixth, { by, key })).status).toBe(429);
    const [row, ...others] = await rows(sixth);
    expect([row?.['result'], others]).toEqual(['refused', []]);
    await expect.poll(() => reports().find(({ codeBreakId }) => codeBreakId === row?.['id'])?.result).toBe('refused');
    expect((await breakCode(subjects[0]!, { by })).status).toBe(201);
  });

  test('is 403 without the task, 404 at another site, 400 without a reason', async () => {
    const enrollmentId = await randomised();
    const untasked = await breakCode(enrollmentId, { by: investigator({ id: 'nobody-1' }) });
    expect([untasked.status, untasked.body.code]).toEqual([403, 'not_entitled_to_unblind']);
    expect((await breakCode(enrollmentId, { by: investigator({ sites: [OTHER] }) })).status).toBe(404);
    expect((await investigator()('POST', `/enrollments/${enrollmentId}/code-break`, { body: {} })).status).toBe(400);
    const { enrollmentId: waiting } = await enrolled(api, trial);
    const none = await breakCode(waiting);
    expect([none.status, none.body.code]).toEqual([409, 'not_randomised']);
    expect(await rows(enrollmentId)).toEqual([]);
  });
});

describe('the randomisation list', () => {
  test('is the statistician’s, page by page, with who took what, and every page is audited', async () => {
    const enrollmentId = await randomised();
    const statistician = api.as('statistician', { id: 'sta-7', studies: [trial.studyCode] });
    const items: { arm: string; block: number; position: number; stratum: string; taken: { enrollmentId: string; subjectNumber: string | null } | null }[] = [];
    let [cursor, pages] = ['', 0];
    do {
      const { status, text, headers } = await statistician('GET', `/studies/${trial.studyId}/randomisation-list?limit=2${cursor && `&cursor=${cursor}`}`);
      expect([status, headers.get('Cache-Control')]).toEqual([200, 'no-store']);
      const page = JSON.parse(text) as { items: typeof items; nextCursor: string | null };
      items.push(...page.items);
      [cursor, pages] = [page.nextCursor ?? '', pages + 1];
    } while (cursor);
    expect(items.find(({ taken }) => taken?.enrollmentId === enrollmentId)).toMatchObject({ arm: ARM, block: 0, position: 1, taken: { subjectNumber: null } });
    expect(new Set(items.map(({ stratum }) => stratum)).size).toBe(items.length);
    const audit = await api.database.sql`select actor from study.audit_entries where entity = 'randomisation_list' and entity_id = ${trial.studyId} and actor->>'id' = 'sta-7'`;
    expect([audit.length, pages > 1]).toEqual([pages, true]);
    expect((await statistician('GET', `/studies/${trial.studyId}/randomisation-list?cursor=nonsense`)).status).toBe(400);
  });
});

describe('two persons', () => {
  test('unblind a subject for each other: the one who asked can’t approve, in whatever role', async () => {
    const enrollmentId = await randomised();
    const as = (role: 'sponsor' | 'medical-monitor', id: string) => api.as(role, { id, studies: [trial.studyCode] });
    const path = `/studies/${trial.studyId}/unblindings`;
    const asked = await as('sponsor', 'spo-1')('POST', path, { body: { scope: 'subject', enrollmentId, reason: 'safety board' } });
    expect([asked.status, JSON.parse(asked.text)]).toMatchObject([201, { status: 'requested', enrollmentId, requestedBy: { userId: 'spo-1' } }]);
    const approval = `${path}/${String(JSON.parse(asked.text).unblindingId)}/approve`;
    const own = await as('medical-monitor', 'spo-1')('POST', approval, { body: {} });
    expect([own.status, own.body.code]).toEqual([403, 'approves_own_request']);
    const assignment = () => as('sponsor', 'spo-1')('GET', `/enrollments/${enrollmentId}/treatment-assignment`);
    expect((await assignment()).body.code).toBe('still_blinded');
    expect((await as('medical-monitor', 'med-1')('POST', approval, { body: { reason: 'agreed' } })).status).toBe(200);
    expect(JSON.parse((await assignment()).text)).toMatchObject({ arm: ARM });
  });

  test.each([{ scope: 'study', enrollmentId: uuidv7() }, { scope: 'subject' }, { scope: 'site' }])('are not asked for %j', async (body) => {
    const { status } = await api.as('sponsor', { studies: [trial.studyCode] })('POST', `/studies/${trial.studyId}/unblindings`, { body: { reason: 'x', ...body } });
    expect(status).toBe(400);
  });
});

describe('a blinded role', () => {
  test('gets no arm by any route that reads, nor by a refusal, whatever was unblinded in an emergency', async () => {
    const { enrollmentId, patientId } = await enrolled(api, trial);
    await allocated(api, { ...trial, enrollmentId });
    expect((await breakCode(enrollmentId, { by: await fresh('breaker-1') })).text).toContain(ARM);
    const values: Record<string, string> = { enrollmentId, patientId, studyId: trial.studyId, siteId: trial.siteId };
    const reads = Object.entries(openApiDocument(api.app).paths ?? {}).flatMap(([path, item]) => ('get' in item && path.startsWith('/api/v1') ? [path.replace('/api/v1', '').replaceAll(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? uuidv7())] : []));
    expect(reads.length).toBeGreaterThan(15);
    const person = { id: 'blinded-1', sites: [HOME], studies: [trial.studyCode], patientId };
    const told: string[] = [];
    for (const role of ROLES.filter((one) => one !== 'pharmacist' && one !== 'statistician')) {
      const by = api.as(role, person);
      for (const path of reads) if ((await by('GET', path.endsWith('screening-log') ? `${path}?siteId=${trial.siteId}` : path)).text.includes(ARM)) told.push(`${role} GET ${path}`);
      for (const [path, body] of [
        [`/enrollments/${enrollmentId}/code-break`, { reason: 'curious' }],
        [`/enrollments/${enrollmentId}/randomisation/baseline-correction`, { strata: { arm: 'x' }, reason: 'x' }],
        [`/studies/${trial.studyId}/unblindings`, { scope: 'subject', enrollmentId, reason: 'x' }],
      ] as const) if ((await by('POST', path, { body })).text.includes(ARM)) told.push(`${role} POST ${path}`);
    }
    expect(told).toEqual([]);
  });

  test('finds no arm in the log, nor does anybody in what is kept beside the list', async () => {
    expect(logged).toContain('code-break');
    expect(logged).not.toMatch(new RegExp(`${ARM}|overdose`));
    const kept = await Promise.all([
      auditOf(api.database.sql, 'study', api.database.sql`true`),
      ...['command_keys', 'milestones', 'code_breaks', 'deviations'].map((table) => api.database.sql`select * from ${api.database.sql(`study.${table}`)}`),
    ]);
    expect(JSON.stringify(kept)).toContain('TREATMENT UNBLINDED');
    expect(JSON.stringify(kept)).not.toContain(ARM);
  });
});
