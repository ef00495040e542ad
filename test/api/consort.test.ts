import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stage } from '../../services/study/index.ts';
import { elementsOf, parseXml } from '../consort/xml.ts';
import { type Caller, startTestApi, type TestApi } from './support.ts';
import { HOME, OTHER, setUpTrial, type Trial } from './trial.ts';

let api: TestApi;
let trial: Trial;

const FAILED = { code: 'E03', kind: 'exclusion', text: 'eGFR < 30 & falling', item: 'EGFR', result: 'failed', value: 20, unit: null, performedAt: null };

beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
  const { sql } = api.database;
  await sql`update study.studies set title = ${'Trial of <b>A</b> & "B"'} where id = ${trial.studyId}`;
  await insert(trial.siteId, [['activation', 'active'], ['activation', 'withdrawn'], ['consent', 'declined'], ['slot', 'open']]);
  await insert(trial.otherSiteId, [['activation', 'active'], ['activation', 'active']]);
  const [failed] = await insert(trial.otherSiteId, [['screening', 'screen_failed']]);
  await sql`
    insert into study.eligibility_evaluations
    values (gen_random_uuid(), ${failed!}, 1, 'sha', 'failed', ${sql.json([FAILED])}, gen_random_uuid(), '3.1', 'zh-CN', now(), 1, now())`;
  await trial.coordinator('POST', `/studies/${trial.studyId}/screening-log`, { body: { siteId: trial.siteId, reason: 'other', at: '2026-03-01T00:00:00Z' } });
});
afterAll(() => api.stop());

async function insert(siteId: string, rows: [Stage, string][]): Promise<string[]> {
  const made = rows.map(([stage, outcome]) => ({ id: uuidv7(), stage, outcome }));
  const { sql } = api.database;
  await sql`
    insert into study.enrollments (id, study_id, study_code, site_id, site_code, patient_id, protocol_version_id, request_key,
      content_hash, stage, status, outcome, revision, created_at, updated_at)
    select row.id, ${trial.studyId}, ${trial.studyCode}, ${siteId}, 'S', row.id, row.id, row.id::text, '', row.stage, 'candidate', row.outcome, 1, now(), now()
    from jsonb_to_recordset(${sql.json(made)}) as row (id uuid, stage text, outcome text)`;
  return made.map(({ id }) => id);
}

const diagramFor = (caller: Caller, studyId = trial.studyId) => caller('GET', `/studies/${studyId}/consort.svg`);
const boxesFor = async (caller: Caller) => elementsOf(parseXml((await diagramFor(caller)).text), 'g').map(({ children }) => children[0]!.text.replace(/ \(.*/, ''));

describe('the CONSORT diagram of a study', () => {
  test('is an image that may run, load and be kept by nothing', async () => {
    const { status, headers, text } = await diagramFor(trial.admin);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/svg+xml; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
    });
    const svg = parseXml(text);
    expect(svg.children[0]!.text).toBe(`CONSORT flow diagram: ${trial.studyCode}`);
    expect(svg.children[1]!.text).toContain('Trial of <b>A</b> & "B"');
    expect(svg.children[1]!.text).toContain('E03: eGFR < 30 & falling: 1');
  });

  test('counts all sites for who sees all, and says so when it does not', async () => {
    const everywhere = ['Assessed for eligibility: 8', 'Excluded: 3', 'Still in progress: 1', 'Enrolled: 4', 'Withdrawn after enrollment: 1', 'Active: 3'];
    expect(await boxesFor(trial.admin)).toEqual(everywhere);
    expect(await boxesFor(api.as('sponsor', { studies: [trial.studyCode] }))).toEqual(everywhere);
    expect((await diagramFor(trial.admin)).text).not.toContain('within the reach');
  });

  test.each(['clinician', 'monitor'] as const)('counts only their sites for whose sites are named, and says so: %s', async (role) => {
    const at = (site: string) => api.as(role, { sites: [site], studies: [trial.studyCode] });
    expect(await boxesFor(at(HOME))).toEqual([
      'Assessed for eligibility: 5', 'Excluded: 2', 'Still in progress: 1', 'Enrolled: 2', 'Withdrawn after enrollment: 1', 'Active: 1',
    ]);
    expect(await boxesFor(at(OTHER))).toEqual([
      'Assessed for eligibility: 3', 'Excluded: 1', 'Still in progress: 0', 'Enrolled: 2', 'Withdrawn after enrollment: 0', 'Active: 2',
    ]);
    expect((await diagramFor(at(HOME))).text).toContain('Only the sites within the reach of the reader are counted.');
    expect((await diagramFor(at(HOME))).text).not.toContain('E03');
  });

  test('of no study, or of one that the caller may not know of, is a 404 problem', async () => {
    for (const answer of [await diagramFor(trial.admin, uuidv7()), await diagramFor(api.as('sponsor', { studies: ['NO-SUCH'] }))]) {
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([404, 'application/problem+json']);
    }
  });
});

describe('the enrollment summary', () => {
  const summaryFor = async (caller: Caller) => (await caller('GET', `/studies/${trial.studyId}/enrollment-summary`)).body;

  test('has the numbers of the diagram beside those per stage and outcome, and nothing else', async () => {
    expect(await summaryFor(trial.admin)).toEqual({
      studyId: trial.studyId,
      total: 7,
      byStage: { consent: 1, screening: 1, eligibility: 0, slot: 1, enrollment: 0, casebook: 0, randomisation: 0, activation: 4 },
      byOutcome: { active: 3, screen_failed: 1, declined: 1, cap_reached: 0, expired: 0, withdrawn: 1, voided: 0 },
      screened: 8,
      failedByReason: [{ criterion: 'E03', text: 'eGFR < 30 & falling', count: 1 }],
      declined: 1,
      randomised: 0,
      withdrawn: 1,
      active: 3,
    });
  });

  test('counts only the caller’s sites', async () => {
    expect(await summaryFor(trial.coordinator)).toMatchObject({ total: 4, screened: 5, failedByReason: [], declined: 1, withdrawn: 1, active: 1 });
  });
});
