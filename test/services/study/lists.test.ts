import { sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceDatabase, withTransaction } from '../../../db/index.ts';
import { keepIndexOrder, newestIds, placesOf } from '../../../services/study/enrollments/enrollment-page.ts';
import { OUTCOMES, STAGES } from '../../../services/study/index.ts';
import type { EnrollmentRecord, ListEnrollments } from '../../../services/study/types.ts';
import { createWorld, ctx, type World } from './fixture.ts';

const ROWS = 12_000;
const ids = (n: number) => Array.from({ length: n }, () => uuidv7());
const studies = ids(3);
const sites = ids(6);

let world: World;
let db: ServiceDatabase;
let all: EnrollmentRecord[];

beforeAll(async () => {
  world = await createWorld();
  db = world.database.connect('study');
  // Skewed on purpose: most are active, combinations that the domain hardly knows are rare or empty.
  await world.database.sql`
    insert into study.enrollments (id, study_id, study_code, site_id, site_code, patient_id, protocol_version_id, request_key,
      content_hash, stage, status, outcome, needs_attention, awaiting_what, awaiting_who, revision, created_at, updated_at)
    select gen_random_uuid(), (${studies}::uuid[])[1 + n % 3], 'S', (${sites}::uuid[])[1 + n % 6], 'T', gen_random_uuid(), gen_random_uuid(), n::text,
      '', case when n % 10 < 7 then 'activation' else (${[...STAGES]}::text[])[1 + n / 10 % 8] end, 'candidate',
      case when n % 10 < 7 then 'active' when n % 10 = 7 then (${[...OUTCOMES]}::text[])[1 + n / 70 % 7] else 'open' end,
      n % 10 = 9 and n / 10 % 3 = 0, case when n % 10 = 9 then (array['resolve', 're-consent'])[1 + n / 10 % 2] end,
      case when n % 10 = 9 then 'operator' end, 1, now(), now()
    from generate_series(1, ${ROWS}) as n`;
  await world.database.sql`analyze study.enrollments`;
  const rows = await world.database.sql`select * from study.enrollments order by id desc`;
  all = rows.map((row) => ({
    enrollmentId: row['id'],
    studyId: row['study_id'],
    siteId: row['site_id'],
    patientId: row['patient_id'],
    stage: row['stage'],
    outcome: row['outcome'] === 'open' ? null : row['outcome'],
    needsAttention: row['needs_attention'],
    awaiting: row['awaiting_what'] && { what: row['awaiting_what'] },
  })) as EnrollmentRecord[];
});
afterAll(() => world.drop());

type Filter = Omit<ListEnrollments, 'limit' | 'cursor'>;

const SCOPES: Filter[] = [
  {},
  { studyId: studies[0] },
  { siteId: sites[1] },
  { studyId: studies[0], siteId: sites[0] },
  { siteIds: sites.slice(0, 3) },
  { studyId: studies[0], siteIds: sites.slice(0, 4) },
  { studyIds: studies.slice(0, 2), siteIds: sites.slice(0, 4) },
  { studyIds: studies.slice(1), siteId: sites[1] },
];
const STATES: Filter[] = [undefined, 'slot' as const].flatMap((stage) =>
  [undefined, 'active' as const, 'declined' as const].flatMap((outcome) =>
    [undefined, true, false].flatMap((needsAttention) =>
      [undefined, 're-consent'].map((awaiting) => ({ stage, outcome, needsAttention, awaiting })),
    ),
  ),
);
const FILTERS = SCOPES.flatMap((scope) => STATES.map((state) => ({ ...scope, ...state })));

const expected = (filter: Filter) =>
  all.filter(
    (row) =>
      (!filter.studyId || row.studyId === filter.studyId) &&
      (!filter.studyIds || filter.studyIds.includes(row.studyId)) &&
      (!filter.siteId || row.siteId === filter.siteId) &&
      (!filter.siteIds || filter.siteIds.includes(row.siteId)) &&
      (!filter.stage || row.stage === filter.stage) &&
      (!filter.outcome || row.outcome === filter.outcome) &&
      (filter.needsAttention === undefined || row.needsAttention === filter.needsAttention) &&
      (!filter.awaiting || row.awaiting?.what === filter.awaiting) &&
      (!filter.patientId || row.patientId === filter.patientId),
  );

const list = (input: ListEnrollments) => world.service.listEnrollments({ ctx, input });

type Plan = { 'Node Type': string; 'Relation Name'?: string; 'Actual Rows': number; 'Rows Removed by Filter'?: number; Plans?: Plan[] };
const scansOf = (plan: Plan): Plan[] => [
  ...(plan['Relation Name'] === 'enrollments' ? [plan] : []),
  ...(plan.Plans ?? []).flatMap(scansOf),
];

async function explain(input: ListEnrollments): Promise<Plan> {
  const query = newestIds(input, { ...placesOf(input)!, limit: input.limit });
  const [row] = await withTransaction(db, async (tx) => {
    await keepIndexOrder(tx);
    return tx.execute<{ 'QUERY PLAN': [{ Plan: Plan }] }>(sql`explain (analyze, buffers, format json) ${query}`);
  });
  return row!['QUERY PLAN'][0].Plan;
}

describe('a page of enrollments', () => {
  it(`holds what the filters and the scope leave, newest first, for each of ${FILTERS.length} combinations`, async () => {
    for (const filter of FILTERS) {
      const matching = expected(filter).map((row) => row.enrollmentId);
      const first = await list({ ...filter, limit: 20 });
      expect(first.items.map((item) => item.enrollmentId), JSON.stringify(filter)).toEqual(matching.slice(0, 20));
      expect(first.nextCursor).toBe(matching.length > 20 ? matching[19] : null);
      if (first.nextCursor === null) continue;
      const second = await list({ ...filter, limit: 20, cursor: first.nextCursor });
      expect(second.items.map((item) => item.enrollmentId)).toEqual(matching.slice(20, 40));
    }
  });

  // VACUUM marks no page as visible to all that some transaction can't see yet: then several indexes cost the same.
  it.each(['analyze', 'vacuum'])('reads no more rows of an index than the page has per combination of values, whatever the filter, after %s', async (last) => {
    if (last === 'vacuum') await world.database.sql`vacuum study.enrollments`;
    const limit = 20;
    const cursor = all[ROWS / 2]!.enrollmentId;
    for (const filter of FILTERS.flatMap((one) => [one, { ...one, cursor }])) {
      const scans = scansOf(await explain({ ...filter, limit }));
      expect(scans.length, JSON.stringify(filter)).toBe(1);
      for (const scan of scans) {
        expect(scan['Node Type'], JSON.stringify(filter)).toMatch(/^Index (Only )?Scan$/);
        expect(scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0), JSON.stringify(filter)).toBeLessThanOrEqual(limit);
      }
    }
  });

  it('of one person comes from the index of persons', async () => {
    const { patientId } = all[5]!;
    const [scan] = scansOf(await explain({ patientId, stage: 'slot', limit: 20 }));
    expect(scan).toMatchObject({ 'Node Type': expect.stringMatching(/^Index/) });
    expect(scan!['Rows Removed by Filter'] ?? 0).toBeLessThanOrEqual(1);
    expect((await list({ patientId, limit: 20 })).items.map((item) => item.enrollmentId)).toEqual([all[5]!.enrollmentId]);
  });

  it('leads through the whole list, each enrollment once', async () => {
    const filter = { siteIds: sites.slice(0, 2), outcome: 'active' as const };
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 50; page++) {
      const { items, nextCursor } = await list({ ...filter, cursor, limit: 200 });
      seen.push(...items.map((item) => item.enrollmentId));
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(seen).toEqual(expected(filter).map((row) => row.enrollmentId));
  });

  it('shows nothing outside of the scope, and nothing at all to an empty scope', async () => {
    const empty = { items: [], nextCursor: null };
    expect(await list({ siteIds: [], limit: 20 })).toEqual(empty);
    expect(await list({ siteId: sites[0], siteIds: [sites[1]!], limit: 20 })).toEqual(empty);
    expect(await list({ studyId: studies[0], studyIds: [], limit: 20 })).toEqual(empty);
  });

  it('refuses a scope that would make it slow', async () => {
    await expect(list({ siteIds: ids(201), limit: 20 })).rejects.toMatchObject({ code: 'scope_too_wide', errorClass: 'invalid' });
  });
});
