import { sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceDatabase, withTransaction } from '../../../db/index.ts';
import { keepIndexOrder, newestIds, placesOf } from '../../../services/study/enrollment-page.ts';
import { OUTCOMES, STAGES } from '../../../services/study/index.ts';
import type { EnrollmentRecord, ListEnrollments } from '../../../services/study/types.ts';
import { createWorld, ctx, type World } from './fixture.ts';

const ROWS = Number(process.env['ROWS']);
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
  // Commits are asynchronous in tests: until they are on disk, VACUUM can't mark a page as visible to all.
  await world.database.sql`checkpoint`;
  await world.database.sql`vacuum analyze study.enrollments`;
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


it('timing', async () => {
  for (const visible of [true, false]) {
  if (!visible) { await world.database.sql`update study.enrollments set revision = 2`; await world.database.sql`analyze study.enrollments`; }
  const out: [number, string][] = [];
  for (const filter of FILTERS) {
    const t: number[] = [];
    for (let i = 0; i < 8; i++) { const a = performance.now(); await list({ ...filter, limit: 50, ...(i % 2 ? { cursor: all[ROWS >> 1]!.enrollmentId } : {}) }); t.push(performance.now() - a); }
    t.sort((a, b) => a - b);
    out.push([t[4]!, JSON.stringify(filter).replace(/"[0-9a-f-]{36}"/g, '#')]);
  }
  out.sort((a, b) => b[0] - a[0]);
  console.log('ROWS', ROWS, 'visible', visible, 'median', out[out.length >> 1]![0].toFixed(2), 'worst', out.slice(0, 6).map(([a, b]) => a.toFixed(1) + ' ' + b).join('\n  '), '\nnone:', out.find(([, f]) => f === '{}'));
  }
}, 200_000);
