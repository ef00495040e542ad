import postgres from 'postgres';
import type { Load } from '../load/load.ts';
import type { Line } from '../report.ts';
import { median, rounded } from '../statistics.ts';
import type { BenchStudy } from '../study.ts';
import type { BenchSystem } from '../system.ts';
import { requireAll } from './rest.ts';

/** Beside those that other measures have left. */
const FEW = 1000;
const MANY = 200_000;
const PAGE = 50;

/** A page of /enrollments with few and with many rows in the table: unfiltered, filtered, and far from the newest. */
export async function measureList({ at, study, load }: { at: BenchSystem; study: BenchStudy; load: Load }, requests: number): Promise<Line[]> {
  const sql = postgres(at.adminUrl, { max: 1, onnotice: () => undefined });
  const token = await at.token({ role: 'admin' });
  const pages = async (path: string) => {
    const sequence = Array.from({ length: requests + 5 }, () => ({ method: 'GET' as const, path }));
    const result = await load.run({ kind: 'sequence', url: at.system.url, token, requests: sequence, settles: false });
    requireAll(result, 200);
    return result.latencies.slice(5);
  };
  const queries = (cursor: string) => ({
    'newest page': `/api/v1/enrollments?limit=${PAGE}`,
    'one site, declined': `/api/v1/enrollments?limit=${PAGE}&siteId=${study.siteId}&outcome=declined`,
    'deep page of a study': `/api/v1/enrollments?limit=${PAGE}&studyId=${study.studyId}&cursor=${cursor}`,
  });
  const measured: Record<string, Record<number, number[]>> = {};
  const few = (await countOf(sql)) + FEW;
  for (const rows of [few, MANY]) {
    await seed(sql, study, rows);
    const [middle] = await sql`select id from study.enrollments order by id offset ${Math.floor(rows / 2)} limit 1`;
    for (const [name, path] of Object.entries(queries(String(middle?.['id'])))) (measured[name] ??= {})[rows] = await pages(path);
  }
  await sql.end({ timeout: 5 });
  return Object.entries(measured).map(([name, by]) => ({
    name: `page of /enrollments, 200,000 rows against ${few}: ${name}`,
    measured: rounded(median(by[MANY] ?? []) / median(by[few] ?? []), 2),
    unit: '×',
    bound: { atMost: 2 },
    samples: { [`${few} rows ms`]: by[few] ?? [], '200,000 rows ms': by[MANY] ?? [] },
  }));
}

/** Fills the table up to `rows`, spread over the last year and four outcomes, one row in four at the study's own site. */
async function seed(sql: postgres.Sql, { studyId, siteId, codes }: BenchStudy, rows: number): Promise<void> {
  const missing = rows - (await countOf(sql));
  if (missing > 0) {
    await sql`
      insert into study.enrollments (id, study_id, study_code, site_id, site_code, patient_id, protocol_version_id, request_key,
        content_hash, stage, status, outcome, revision, created_at, updated_at)
      select uuidv7(-make_interval(secs => n * 31536000.0 / ${missing}::int)), ${studyId}, ${codes.study},
        case when n % 4 = 0 then ${siteId}::uuid else gen_random_uuid() end, ${codes.site}, gen_random_uuid(), gen_random_uuid(), 'seed-' || ${rows}::int || '-' || n,
        'seed', 'consent', 'not-registered', (array['declined','cap_reached','expired','voided'])[1 + n / 4 % 4], 1, now(), now()
      from generate_series(1, ${missing}::int) as n`;
  }
  // A page that is not full would be compared with one that is.
  const [declined] = await sql`select count(*)::int as count from study.enrollments where site_id = ${siteId} and outcome = 'declined'`;
  if (Number(declined?.['count']) <= PAGE) throw new Error(`only ${String(declined?.['count'])} declined at the site`);
  await sql`vacuum analyze study.enrollments`;
}

async function countOf(sql: postgres.Sql): Promise<number> {
  const [known] = await sql`select count(*)::int as count from study.enrollments`;
  return Number(known?.['count']);
}
