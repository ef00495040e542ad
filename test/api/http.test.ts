import { readFile } from 'node:fs/promises';
import { generateKeyPair, SignJWT } from 'jose';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiJson } from '../../api/openapi-json.ts';
import { startTestApi, type TestApi } from './support.ts';
import { newPerson, registered, setUpTrial, type Trial } from './trial.ts';

let api: TestApi;
let trial: Trial;

beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
afterAll(() => api.stop());

describe('a caller without a valid token', () => {
  test('gets a 401 that says how to come in', async () => {
    const { status, headers, body } = await api.anonymous('GET', '/studies');
    expect(status).toBe(401);
    expect(headers.get('WWW-Authenticate')).toContain('Bearer');
    expect(body.code).toBe('token_required');
  });

  test.each([
    ['another key', { issuer: 'trial-enrollment/embedded', audience: 'trial-enrollment', roles: ['admin'], expires: '1h' }],
    ['no role of ours', { issuer: 'trial-enrollment/embedded', audience: 'trial-enrollment', roles: ['root'], expires: '1h' }],
  ])('is refused: %s', async (_what, { issuer, audience, roles, expires }) => {
    const { privateKey } = await generateKeyPair('ES256');
    const token = await new SignJWT({ roles, name: 'X' }).setProtectedHeader({ alg: 'ES256' }).setSubject('x')
      .setIssuer(issuer).setAudience(audience).setExpirationTime(expires).sign(privateKey);
    const { status, headers } = await api.anonymous('GET', '/studies', { headers: { Authorization: `Bearer ${token}` } });
    expect(status).toBe(401);
    expect(headers.get('WWW-Authenticate')).toContain('invalid_token');
  });

  test('may not use an unsigned token', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'none' })}.${part({ sub: 'x', name: 'X', roles: ['admin'], exp: 9_999_999_999 })}.x`;
    expect((await api.anonymous('GET', '/studies', { headers: { Authorization: `Bearer ${token}` } })).status).toBe(401);
  });

  test('gets a 404 problem for a path that is none', async () => {
    expect((await trial.admin('GET', '/nothing')).body).toMatchObject({ status: 404, code: 'not_found' });
    expect((await trial.admin('DELETE', '/studies')).status).toBe(404);
  });
});

describe('an idempotency key', () => {
  test.each([null, '', 'with space', 'x'.repeat(201)])('is required on a POST and must be usable: %s', async (key) => {
    const headers: Record<string, string> = key === null ? {} : { 'Idempotency-Key': key };
    const answer = await trial.coordinator('POST', '/patients', { body: newPerson(trial.siteId), key: null, headers });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('idempotency_key_required');
  });

  test('is not asked for by a search', async () => {
    expect((await trial.coordinator('POST', '/patients/search', { body: { mobile: '13812341234' }, key: null })).status).toBe(200);
  });

  test('gives the same content the same answer and refuses another', async () => {
    const body = newPerson(trial.siteId);
    const key = uuidv7();
    const first = await trial.coordinator('POST', '/patients', { body, key });
    const again = await trial.coordinator('POST', '/patients', { body, key });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    const other = await trial.coordinator('POST', '/patients', { body: newPerson(trial.siteId), key });
    expect(other.status).toBe(409);
    expect(other.body.code).toBe('key_reused');
  });

  test('of one caller means nothing for another', async () => {
    const key = uuidv7();
    const other = api.as('coordinator', { id: 'coordinator-2', sites: ['S1'] });
    const [mine, theirs] = [
      await trial.coordinator('POST', '/patients', { body: newPerson(trial.siteId), key }),
      await other('POST', '/patients', { body: newPerson(trial.siteId), key }),
    ];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body.patientInfo.id).not.toBe(mine.body.patientInfo.id);
  });
});

describe('a PATCH', () => {
  const change = { mobile: '13900001111', reason: 'typed wrong' };

  test('needs the ETag that was read, and moves it', async () => {
    const path = `/patients/${await registered(trial.coordinator, trial.siteId)}`;
    const etag = (await trial.coordinator('GET', path)).headers.get('ETag') ?? '';
    expect((await trial.coordinator('PATCH', path, { body: change })).status).toBe(428);
    const done = await trial.coordinator('PATCH', path, { body: change, headers: { 'If-Match': etag } });
    expect(done.status).toBe(200);
    expect(done.headers.get('ETag')).not.toBe(etag);
    expect((await trial.coordinator('GET', path)).headers.get('ETag')).toBe(done.headers.get('ETag'));
    const stale = await trial.coordinator('PATCH', path, { body: change, headers: { 'If-Match': etag } });
    expect(stale.status).toBe(412);
    expect(stale.body.code).toBe('version_stale');
    expect((await trial.coordinator('PATCH', path, { body: change, headers: { 'If-Match': 'W/"2"' } })).status).toBe(412);
  });

  test('needs a reason', async () => {
    const path = `/patients/${await registered(trial.coordinator, trial.siteId)}`;
    const answer = await trial.coordinator('PATCH', path, { body: { mobile: '13900001111' }, headers: { 'If-Match': '"1"' } });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ pointer: '/reason' }]);
  });
});

describe('a request id', () => {
  test('is the caller’s own when usable, ours otherwise; a problem names its trace', async () => {
    const own = await api.anonymous('GET', '/studies', { headers: { 'X-Request-Id': 'abc-1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } });
    expect(own.headers.get('X-Request-Id')).toBe('abc-1');
    expect(own.body.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    const ours = await api.anonymous('GET', '/studies', { headers: { 'X-Request-Id': 'a b' } });
    expect(ours.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the database away', () => {
  test('is a 503 with Retry-After, and nothing of the driver’s words', async () => {
    const down = await startTestApi();
    try {
      const admin = down.as('admin');
      await Promise.all(down.services.databases.map((db) => db.close()));
      const answer = await admin('GET', '/sites');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('Retry-After')).toBe('1');
      expect(answer.body.code).toBe('database_unavailable');
    } finally {
      await down.stop();
    }
  });
});

describe('outside of /api/v1', () => {
  test('health, readiness with every dependency named, and the description need no token', async () => {
    expect((await api.app.request('/healthz')).status).toBe(200);
    const ready = await api.app.request('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', dependencies: { database_patient: 'ok', temporal: 'ok' } }]);
    api.gateway.away = true;
    const away = await api.app.request('/readyz');
    api.gateway.away = false;
    expect([away.status, await away.json()]).toEqual([503, expect.objectContaining({ dependencies: { database_patient: 'ok', temporal: 'unavailable' } })]);
    const document = await api.app.request('/openapi.json');
    expect(((await document.json()) as { openapi: string }).openapi).toBe('3.1.0');
  });

  test('the docs name every path and load nothing from elsewhere', async () => {
    const page = await (await api.app.request('/docs')).text();
    const { paths } = JSON.parse(openApiJson()) as { paths: Record<string, unknown> };
    for (const path of Object.keys(paths)) expect(page).toContain(`<code>${path}</code>`);
    expect(page).not.toMatch(/<script|https?:\/\/(?!127)/);
  });

  test('the committed openapi.json is up to date (npm run openapi)', async () => {
    expect(await readFile(new URL('../../openapi.json', import.meta.url), 'utf8')).toBe(openApiJson());
  });
});
