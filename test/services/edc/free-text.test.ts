// Real: PostgreSQL, the EDC service. Stand-ins: Study (one protocol), Site and Patient.
//
// Every verb that takes something in people's own words is given a text that stands nowhere else: it reads as it was
// written, and stands in no column of EDC in plain.
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ctx } from '../../../services/common/index.ts';
import { type EdcService, edcService } from '../../../services/edc/index.ts';
import { protocolBody } from '../../../services/study/protocol-schema.ts';
import { auditOf } from '../../support/audit.ts';
import { TRUSTING } from '../../support/commands.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { inPlain, marks } from '../../support/plain.ts';

const ctx: Ctx = { actor: { kind: 'user', id: 'crc-1', name: 'Lin Hua', role: 'coordinator' }, requestId: 'test' };
const at = '2026-11-22T08:00:00.000Z';
const BODY = protocolBody.parse({
  version: '1.0',
  effectiveAt: '2026-01-01T00:00:00Z',
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [{ code: 'I01', kind: 'inclusion', text: 'Age', item: 'AGE', operator: '>=', value: 18 }],
  visits: [{ code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM'] }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
});
const { said, mark } = marks();

let database: TestDatabase;
let edc: EdcService;
beforeAll(async () => {
  database = await createTestDatabase();
  edc = edcService({
    commands: TRUSTING,
    db: database.connect('edc'),
    clock: () => new Date('2026-11-30T12:00:00.000Z'),
    patient: { consentInForce: async () => ({ inForce: true }) },
    study: { getProtocol: async ({ input: { protocolVersionId } }) => ({ protocolVersionId, studyId: uuidv7(), version: '1.0', effectiveAt: at, body: BODY }) },
    site: { getSite: async ({ input: { siteId } }) => ({ id: siteId, siteId, code: 'S1', name: 'Site', address: null, timezone: 'Europe/Berlin', createdAt: at }) },
  });
});
afterAll(() => database.drop());

function participant() {
  const enrollmentId = uuidv7();
  const identity = { enrollmentId, studyId: uuidv7(), siteId: uuidv7(), protocolVersionId: uuidv7() };
  const stepKey = (step: string) => `${enrollmentId}/${step}`;
  const undo = (step: string) => ({ ctx, key: `${stepKey(step)}/undo`, input: { stepKey: stepKey(step), enrollmentId, reason: mark(step) } });
  return {
    enrollmentId,
    openScreening: () => edc.openScreening({ ctx, key: stepKey('screening'), input: { ...identity, subjectNumber: 'S1-0001', consentSignedAt: at } }),
    openCasebook: () => edc.openCasebook({ ctx, key: stepKey('casebook'), input: { ...identity, subjectNumber: 'S1-0001', anchorAt: at } }),
    startEpro: () => edc.startEpro({ ctx, key: stepKey('epro'), input: { ...identity, anchorAt: at } }),
    record: (value: number, reason?: string) =>
      edc.recordScreeningResults({ ctx, key: uuidv7(), input: { enrollmentId, results: [{ item: 'AGE', value, performedAt: at, ...(reason === undefined ? {} : { reason }) }] } }),
    undo,
  };
}

test('what is written as free text reads as it was written: why a result was corrected, time and again', async () => {
  const one = participant();
  await one.openScreening();
  const [first, second] = [mark('First'), mark('Second')];
  await one.record(40);
  await one.record(41, first);
  await one.record(42, second);
  const screening = await edc.screeningResultsOf({ ctx, input: { enrollmentId: one.enrollmentId } });
  expect(screening?.results.map(({ value, reason }) => [value, reason])).toEqual([[42, second], [41, first], [40, null]]);
  const audit = await auditOf(database.sql, 'edc', database.sql`verb = 'recordScreeningResults'`);
  const reasons = audit.map(({ before, after }) => [before, after].map((row) => (row as { reason: string | null } | null | undefined)?.reason));
  expect(reasons).toEqual([[undefined, null], [null, first], [first, second]]);
});

test('what is written as free text stands in no column of EDC in plain, whatever was closed, locked or stopped', async () => {
  const [closed, locked, withdrawn] = [participant(), participant(), participant()];
  for (const one of [closed, locked, withdrawn]) {
    await one.openScreening();
    await one.openCasebook();
    await one.startEpro();
  }
  await edc.closeScreening(closed.undo('screening'));
  await Promise.all([edc.closeCasebook(closed.undo('casebook')), edc.stopEpro(closed.undo('epro'))]);
  await edc.lockCasebook({ ctx, key: uuidv7(), input: { enrollmentId: locked.enrollmentId, reason: mark('Locked') } });
  const { enrollmentId } = withdrawn;
  await edc.stopDataCollection({ ctx: { ...ctx, reason: mark('Why') }, key: uuidv7(), input: { enrollmentId, scope: 'all_data_collection', reason: mark('Withdrawn') } });
  const statuses = await database.sql`select status, status_reason is not null as reasoned from edc.casebooks order by id`;
  expect(statuses).toEqual([{ status: 'closed', reasoned: true }, { status: 'locked', reasoned: true }, { status: 'locked', reasoned: true }]);
  expect(said.length).toBeGreaterThan(7);
  // The search looks at the right thing: a printed name of the staff stands there.
  expect(await inPlain(database.sql, 'edc', ['Lin Hua'])).not.toEqual([]);
  expect(await inPlain(database.sql, 'edc', said)).toEqual([]);
});

test('a stopped collection and a stopped schedule never wait for each other, although both make the first data key', async () => {
  for (let round = 0; round < 10; round += 1) {
    const one = participant();
    await one.openCasebook();
    await one.startEpro();
    const { enrollmentId } = one;
    await Promise.all([
      edc.stopDataCollection({ ctx, key: uuidv7(), input: { enrollmentId, scope: 'all_data_collection', reason: mark('Stop') } }),
      edc.stopEpro(one.undo('epro')),
    ]);
    expect(await database.sql`select 1 from edc.data_keys where owner = ${enrollmentId}`).toHaveLength(1);
  }
});
