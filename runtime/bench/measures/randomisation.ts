import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { uuidv7 } from 'uuidv7';
import { connectDatabase, withTransaction } from '../../../db/index.ts';
import { extendStratum } from '../../../services/study/randomisation/extend-stratum.ts';
import { randomisationStrata } from '../../../services/study/randomisation/tables.ts';
import type { EnrollmentIdentity } from '../../../services/study/types.ts';
import type { Line } from '../report.ts';
import { median, rounded } from '../statistics.ts';
import type { BenchSystem } from '../system.ts';
import { timed } from './workflow.ts';

const SINCE = '2026-01-15T00:00:00Z';
const CONSENT = { version: '1.0', language: 'zh-CN' };
const PLAN = { arms: [{ code: 'A', ratio: 1 }, { code: 'B', ratio: 1 }], blockSizes: [4, 6] };
const STRATA = { sex: 'female' };
const ctx = { actor: { kind: 'user' as const, id: 'bench-coordinator', name: 'Bench coordinator', role: 'coordinator' as const }, requestId: 'bench' };
/** Blocks of four only: so many make exactly the entries that are asked for. */
const ENTRIES = 100_000;
const SIZE = 4;

type Sizes = { unloaded: number; rounds: number; perRound: number; inFlight: number; lists: number };

/** Allocations by Study's own verb, one after the other and many at once on one stratum; and a long list made at once. */
export async function measureRandomisation(at: BenchSystem, sizes: Sizes): Promise<Line[]> {
  const { unloaded, rounds, perRound, inFlight, lists } = sizes;
  const sql = postgres(at.adminUrl, { max: 1, onnotice: () => undefined });
  const trial = await setUp(at);
  const randomise = (identity: EnrollmentIdentity) =>
    at.system.services.study!.randomiseParticipant({ ctx, key: randomUUID(), input: { identity, revision: 3, strata: STRATA, confirmedBy: 'doctor-1', consent: CONSENT } });

  const alone: number[] = [];
  const [warmUp, ...people] = chunks(await enrolled(sql, trial, unloaded + perRound * (rounds + 1)), [perRound, unloaded, ...Array.from({ length: rounds }, () => perRound)]);
  await together(warmUp ?? [], { inFlight, randomise });
  for (const identity of people.shift() ?? []) alone.push(await timed(async () => void (await randomise(identity))));
  const rates: number[] = [];
  for (const round of people) {
    const ms = await timed(() => together(round, { inFlight, randomise }));
    rates.push((round.length * 1000) / ms);
  }
  await sql.end({ timeout: 5 });

  const made: number[] = [];
  for (let list = 0; list < lists; list += 1) made.push(await makeList(at, trial.protocolVersionId));
  return [
    { name: 'allocation by Study, unloaded p50', measured: median(alone), unit: 'ms', bound: { atMost: 10 }, samples: { ms: alone } },
    { name: `allocations on one stratum, ${inFlight} in flight`, measured: median(rates), unit: 'a second', bound: { atLeast: 200 }, samples: { 'per s': rates } },
    { name: 'list of 100,000 entries made', measured: rounded(median(made) / 1000, 2), unit: 's', bound: { atMost: 5 }, samples: { ms: made } },
  ];
}

type Trial = Pick<EnrollmentIdentity, 'studyId' | 'studyCode' | 'siteId' | 'siteCode' | 'protocolVersionId'>;

/** A study with two arms, stratified by sex; its site is known by its id only. */
async function setUp(at: BenchSystem): Promise<Trial> {
  const study = at.system.services.study!;
  const siteId = uuidv7();
  const codes = { studyCode: 'BENCH-ARMS', siteCode: 'BENCH-ARMS-SITE' };
  const { studyId } = await study.createStudy({ ctx, key: randomUUID(), input: { code: codes.studyCode, title: 'Bench of the randomisation' } });
  const protocol = {
    version: '1.0', effectiveAt: SINCE, slotTimeToLive: 'P3D', reconsentDeadline: 'P14D',
    visits: [{ code: 'V1', anchor: 'enrollment' as const, offset: 'P0D', window: 'P3D', forms: ['DM'] }],
    randomisation: { ...PLAN, strata: [{ code: 'sex', levels: ['female', 'male'] }], bySite: false },
  };
  const { protocolVersionId } = await study.addProtocolVersion({ ctx, key: randomUUID(), input: { studyId, protocol } });
  const consent = { ...CONSENT, siteId, approvedAt: SINCE, effectiveAt: SINCE, documentSha256: '0'.repeat(64) };
  await study.addConsentVersion({ ctx, key: randomUUID(), input: { studyId, ...consent } });
  return { ...codes, studyId, siteId, protocolVersionId };
}

/** The rows that opening and enrolling would have written. */
async function enrolled(sql: postgres.Sql, trial: Trial, count: number): Promise<EnrollmentIdentity[]> {
  const { studyId, studyCode, siteId, siteCode, protocolVersionId } = trial;
  const contentHash = 'a'.repeat(64);
  const identities = Array.from({ length: count }, () => ({ ...trial, enrollmentId: uuidv7(), patientId: uuidv7(), requestKey: randomUUID(), contentHash, rescreenOf: null }));
  const rows = identities.map(({ enrollmentId: id, patientId: patient, requestKey: request }) => ({ id, patient, request }));
  await sql`
    insert into study.enrollments (id, study_id, study_code, site_id, site_code, patient_id, protocol_version_id, request_key,
      content_hash, stage, status, subject_number, enrolled_at, revision, created_at, updated_at)
    select row.id, ${studyId}, ${studyCode}, ${siteId}, ${siteCode}, row.patient, ${protocolVersionId},
      row.request, ${contentHash}, 'casebook', 'pending-on-study', row.request, now(), 2, now(), now()
    from jsonb_to_recordset(${sql.json(rows)}) as row (id uuid, patient uuid, request text)`;
  await sql`vacuum analyze study.enrollments`;
  return identities;
}

function chunks<T>(all: readonly T[], sizes: readonly number[]): T[][] {
  let from = 0;
  return sizes.map((size) => all.slice(from, (from += size)));
}

async function together(people: readonly EnrollmentIdentity[], { inFlight, randomise }: { inFlight: number; randomise: (identity: EnrollmentIdentity) => Promise<unknown> }): Promise<void> {
  const waiting = [...people];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await randomise(next);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** A stratum of its own that is extended at once, in one transaction; milliseconds. */
async function makeList(at: BenchSystem, protocolVersionId: string): Promise<number> {
  const db = connectDatabase({ url: at.adminUrl, schema: 'study', secrets: at.secrets, timeoutMs: 60_000 });
  await db.ping();
  const stratum = { id: uuidv7(), protocolVersionId, key: `bench/${randomUUID()}`, blocks: 0, length: 0, next: 1 };
  const ms = await timed(() =>
    withTransaction(db, async (tx) => {
      await tx.insert(randomisationStrata).values(stratum);
      const { length } = await extendStratum(tx, { stratum, plan: { ...PLAN, blockSizes: [SIZE] }, blocks: ENTRIES / SIZE });
      if (length !== ENTRIES) throw new Error(`a list of ${length} entries`);
    }),
  );
  await db.close();
  return ms;
}
