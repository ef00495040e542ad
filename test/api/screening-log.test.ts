import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './support.ts';
import { OTHER, setUpTrial, type Trial } from './trial.ts';

describe('the screening log of a site', () => {
  let api: TestApi;
  let trial: Trial;

  beforeAll(async () => {
    api = await startTestApi();
    trial = await setUpTrial(api);
  });
  afterAll(() => api.stop());

  const refusal = (more: Record<string, unknown> = {}) => ({ siteId: trial.siteId, reason: 'declined_to_participate', at: '2026-03-01T00:00:00Z', ...more });
  const path = () => `/studies/${trial.studyId}/screening-log`;
  const listed = async (query = '') => (await trial.coordinator('GET', `${path()}?siteId=${trial.siteId}${query}`)).body;

  test('has who signed, with the subject number, and who never did, unnamed; newest first, page by page', async () => {
    const enrollmentId = uuidv7();
    await api.database.sql`
      insert into study.screening_log (enrollment_id, study_id, site_id, subject_number, opened_at)
      values (${enrollmentId}, ${trial.studyId}, ${trial.siteId}, 'S1-0001', now())`;
    expect((await trial.coordinator('POST', path(), { body: refusal() })).status).toBe(201);
    const { items } = await listed();
    expect(items.slice(0, 2)).toMatchObject([
      { refused: 'declined_to_participate', at: '2026-03-01T00:00:00.000Z', enrollmentId: null, subjectNumber: null },
      { refused: null, enrollmentId, subjectNumber: 'S1-0001', outcome: null },
    ]);
    const first = await listed('&limit=1');
    const second = await listed(`&limit=1&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items]).toEqual(items.slice(0, 2));
  });

  test('takes a refusal once under its key, and none of the future, of another site or with a name', async () => {
    const before = (await listed()).items.length;
    const key = uuidv7();
    const [one, again] = [await trial.coordinator('POST', path(), { body: refusal(), key }), await trial.coordinator('POST', path(), { body: refusal(), key })];
    expect([again.status, again.body]).toEqual([201, one.body]);
    expect((await trial.coordinator('POST', path(), { body: refusal({ reason: 'other' }), key })).body.code).toBe('key_reused');
    const future = new Date(Date.now() + 3_600_000).toISOString();
    expect((await trial.coordinator('POST', path(), { body: refusal({ at: future }) })).body.code).toBe('refusal_in_future');
    expect((await trial.coordinator('POST', path(), { body: refusal({ name: 'Somebody' }) })).status).toBe(400);
    expect((await api.as('coordinator', { sites: [OTHER] })('POST', path(), { body: refusal() })).status).toBe(404);
    expect((await trial.coordinator('POST', `/studies/${uuidv7()}/screening-log`, { body: refusal() })).body.code).toBe('study_not_found');
    expect((await listed()).items).toHaveLength(before + 1);
  });
});
