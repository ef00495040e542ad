// Real: two processes of each worker, one of the REST API, their PostgreSQL, Temporal and mailbox; a shared data folder
// holds keys only. Each first copy calls first copies, each second copy second ones.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { keptPort } from '../../runtime/embedded/free-port.ts';
import { type Mailbox, startMailbox } from '../../runtime/embedded/mailbox.ts';
import { type RunningTemporal, startTemporal } from '../../runtime/embedded/temporal.ts';
import { PARTS } from '../../runtime/part.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { insist } from '../once/insist.ts';
import { allEnded, numbersUpTo, tallyOf } from '../once/tally.ts';
import { type AppProcess, dataFolder, endApps, issuerOf, launchApp, printed } from '../start/app-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { expectInvariants } from '../support/invariants.ts';
import { directStudy, type DirectStudy, type EnrollmentBody, type Reachable } from '../support/scenario.ts';
import { fileKeyRing } from '../../db/encryption/key-ring.ts';
import { keyFiles } from '../../runtime/keys.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';

const TIMEOUT = { timeout: 400_000 };
const PEOPLE = 24;
/** Who gets a task is up to Temporal's server: a round that one copy did by itself is no failure yet. */
const MOST_ROUNDS = 6;
const WORKERS = PARTS.filter((part) => part !== 'api');
type Worker = (typeof WORKERS)[number];
type Copy = { part: Worker; copy: 0 | 1; app: AppProcess };

const folder = dataFolder();
let database: TestDatabase;
let temporal: RunningTemporal;
let mailbox: Mailbox;
let connection: Connection;
let client: Client;
let workers: Copy[];
let at: Reachable;

beforeAll(async () => {
  [database, temporal, mailbox] = await Promise.all([createTestDatabase(), startTemporal({ searchAttributes: REQUIRED_SEARCH_ATTRIBUTES }), startMailbox()]);
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection, dataConverter: dataConverterOf(fileKeyRing(keyFiles(folder.path).payloadKeys)) });
  const ports = await Promise.all([0, 1].map(async () => Object.fromEntries(await Promise.all(SERVICES.map(async (name) => [name, await keptPort()] as const))) as Record<ServiceName, number>));
  const common = {
    TEMPORAL_ADDRESS: temporal.address,
    SMTP_URL: mailbox.smtpUrl,
    // The shape of production, in a hurry.
    STEP_ATTEMPT_MS: '5000', STEP_RETRY_INITIAL_MS: '50', STEP_RETRY_MAXIMUM_MS: '500', STEP_ATTEMPTS: '20', STEP_ROUND_MS: '1000', CIRCUIT_OPEN_MS: '2000',
  };
  const urls = (copy: 0 | 1) => Object.fromEntries(SERVICES.map((name) => [`GRPC_URL_${name.toUpperCase()}`, `http://127.0.0.1:${ports[copy]![name]}`]));
  const start = async (part: string, args: string[], env: Record<string, string>) => {
    const app = await launchApp({ dataDir: folder.path, args, env: { ...common, ...env } });
    await printed(app, `ready ${part} `);
    return app;
  };
  workers = await Promise.all(
    WORKERS.flatMap((part) => ([0, 1] as const).map(async (copy): Promise<Copy> => {
      const service = SERVICES.find((name) => name === part);
      const own = service ? { [`DATABASE_URL_${service.toUpperCase()}`]: database.urlOf(service), GRPC_PORT: String(ports[copy]![service]) } : {};
      return { part, copy, app: await start(part, ['worker', '--service', part], { ...urls(copy), ...own }) };
    })),
  );
  const api = await start('api', ['api'], urls(0));
  at = { url: api.url, issuer: await issuerOf(folder.path) };
}, 240_000);

afterAll(async () => {
  await endApps();
  await connection?.close();
  await Promise.all([temporal?.stop(), mailbox?.stop(), database?.drop()]);
  folder.remove();
}, 120_000);

/** Everybody at once; returns the enrollments. `meanwhile` begins with the first answer. */
async function enrolAll(study: DirectStudy, meanwhile: () => Promise<unknown> = async () => undefined): Promise<string[]> {
  const people = await Promise.all(Array.from({ length: PEOPLE }, () => study.register()));
  const begun = Promise.withResolvers<void>();
  const answers = people.map(async (patientId) => {
    const key = randomUUID();
    const answer = await insist(() => study.clinician.post<EnrollmentBody>('/enrollments', study.body(patientId), key));
    begun.resolve();
    expect([201, 202]).toContain(answer.status);
    return answer.body.enrollmentId;
  });
  const other = begun.promise.then(meanwhile);
  const enrolled = await Promise.all(answers);
  await other;
  return enrolled;
}

/** All have ended, each once: nothing is there twice. */
async function expectAllRight(study: DirectStudy, enrolled: string[]): Promise<void> {
  const count = PEOPLE;
  await allEnded(database.sql, { studyId: study.studyId, count, withinMs: 120_000 });
  expect(new Set(enrolled).size).toBe(count);
  expect(await tallyOf(database.sql, study.studyId)).toMatchObject({
    reserved: 0,
    confirmed: count,
    slotsReserved: 0,
    slotsConfirmed: count,
    outcomes: { active: count },
    persons: count,
    subjectNumbers: numbersUpTo(count, study.siteCode),
    consents: count,
    casebooksOpen: count,
    schedulesOn: count,
    enrolledNotices: count,
  });
  await expectInvariants({ database, system: { client }, mailbox }, { withinMs: 30_000 });
}

/** How many tasks of these enrollments each process began, by the history of their runs: of activities and of workflows. */
async function tasksByProcess(study: DirectStudy): Promise<Map<string, number>> {
  const rows = await database.sql<{ id: string }[]>`
    select format('enrollment/%s/%s', study_code, patient_id) as id from study.enrollments where study_id = ${study.studyId}`;
  const tasks = new Map<string, number>();
  for (const { id } of rows) {
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    for (const event of events ?? []) {
      const identity = event.activityTaskStartedEventAttributes?.identity ?? event.workflowTaskStartedEventAttributes?.identity;
      if (identity) tasks.set(identity, (tasks.get(identity) ?? 0) + 1);
    }
  }
  return tasks;
}

const nameOf = ({ part, copy }: Copy) => `${part} ${copy + 1}`;
/** What the SDK calls a worker by itself. */
const identityOf = ({ app }: Copy) => `${app.pid}@${hostname()}`;

describe('two processes of each worker on one database and one Temporal server', () => {
  it(`enrol ${PEOPLE} at once without doing anything twice, and both of each have worked`, TIMEOUT, async () => {
    const idle = new Map(workers.map((worker) => [identityOf(worker), nameOf(worker)]));
    for (let round = 1; idle.size > 0 && round <= MOST_ROUNDS; round += 1) {
      const study = await directStudy(at);
      await expectAllRight(study, await enrolAll(study));
      for (const [identity] of await tasksByProcess(study)) idle.delete(identity);
    }
    expect([...idle.values()]).toEqual([]);
  });

  it(`enrol ${PEOPLE} at once right although the second of each is ended by SIGTERM in the middle, and then the first do all of it`, TIMEOUT, async () => {
    const study = await directStudy(at);
    const leaving = workers.filter(({ copy }) => copy === 1);
    const enrolled = await enrolAll(study, async () => {
      for (const { app } of leaving) app.kill('SIGTERM');
      for (const { app } of leaving) expect(await app.exit()).toEqual({ code: 0, signal: null });
    });
    await expectAllRight(study, enrolled);

    const after = await directStudy(at);
    await expectAllRight(after, await enrolAll(after));
    const staying = workers.filter(({ copy }) => copy === 0).map(identityOf);
    expect([...(await tasksByProcess(after)).keys()].toSorted()).toEqual(staying.toSorted());
  });
});
