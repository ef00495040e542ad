// Real: PostgreSQL, the EDC service, HTTP/2 on loopback. Stand-ins: Study (one protocol), Site (one time zone), the clock.
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Ctx } from '../../../services/common/index.ts';
import type { EdcClient } from '../../../services/edc/client.ts';
import { EdcService as Desc } from '../../../services/edc/edc_pb.js';
import { type EdcService, edcService, type ScreeningResult } from '../../../services/edc/index.ts';
import { edcRpc } from '../../../services/edc/rpc.ts';
import { protocolBody } from '../../../services/study/protocol-schema.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { overHttp2, type OverHttp2 } from '../support.ts';
import { auditSamples } from './audit-samples.ts';
import { expectSameAnswers } from './contract.ts';
import { answersTo, notSampled, type Samples } from './fields.ts';
import { TRUSTING } from '../../support/commands.ts';

const NURSE = { id: 'crc-1', name: 'Søren Kierkegård 护士', role: 'coordinator' } as const;
const ctx: Ctx = { actor: { kind: 'user', ...NURSE }, requestId: 'test' };
const ACTORS: Actor[] = [
  { kind: 'user', ...NURSE },
  { kind: 'workflow', workflow: 'consentToEnrollment', onBehalfOf: NURSE },
  { kind: 'service', service: 'edc' },
];
const SIGNED = '2026-11-22T08:00:00.000Z';
const NOW = '2026-11-30T12:00:00.000Z';
const DONE = '2026-11-23T09:00:00.123Z';

const criterion = { kind: 'inclusion', text: 'as the protocol has it' } as const;
const FULL = protocolBody.parse({
  version: '1.0',
  effectiveAt: '2026-01-01T00:00:00Z',
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [
    { ...criterion, code: 'I01', item: 'CREAT', operator: '>=', value: 0.1, unit: 'µmol/L' },
    { ...criterion, code: 'I02', item: 'AGE', operator: '>=', value: 18 },
    { ...criterion, code: 'I03', item: 'PREGNANT', operator: '=', value: false },
    { ...criterion, code: 'I04', item: 'STAGE', operator: 'in', value: ['Ⅱ', '3', 3] },
  ],
  randomisation: { arms: [{ code: 'A', ratio: 1 }, { code: 'B', ratio: 1 }], blockSizes: [4] },
  visits: [
    { code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] },
    { code: 'V2', anchor: 'randomisation', offset: 'P7D', window: 'P1D', forms: ['AE'] },
  ],
  epro: [
    { form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' },
    { form: 'PAIN', every: 'P1W', at: '07:30', for: 'P1W' },
  ],
});
const BARE = protocolBody.parse({ version: '1', effectiveAt: '2026-01-01T00:00:00Z' });
const PROTOCOLS = new Map([
  [uuidv7(), FULL],
  [uuidv7(), BARE],
]);
const [FULL_ID = '', BARE_ID = ''] = PROTOCOLS.keys();

let database: TestDatabase;
let service: EdcService;
let wire: OverHttp2;
let client: EdcClient;
let samples: Samples;

beforeAll(async () => {
  database = await createTestDatabase();
  service = edcService({
commands: TRUSTING,
    db: database.connect('edc'),
    clock: () => new Date(NOW),
    patient: { consentInForce: async () => ({ inForce: true }) },
    study: {
      getProtocol: async ({ input: { protocolVersionId } }) => (
        { protocolVersionId, studyId: uuidv7(), version: '1.0', effectiveAt: '2026-01-01T00:00:00.000Z', body: PROTOCOLS.get(protocolVersionId)! }
      ),
    },
    site: {
      getSite: async ({ input: { siteId } }) => (
        { id: siteId, siteId, code: 'S1', name: 'Site', address: null, timezone: 'Asia/Shanghai', createdAt: '2026-01-01T00:00:00.000Z' }
      ),
    },
  });
  wire = await overHttp2({ services: { edc: service } });
  client = wire.channels.clientsOf('api').edc;
  samples = await makeSamples();
});
afterAll(async () => {
  await wire.stop();
  await database.drop();
});

function participant(protocolVersionId = FULL_ID) {
  const enrollmentId = uuidv7();
  const identity = { enrollmentId, studyId: uuidv7(), siteId: uuidv7(), protocolVersionId };
  const opening = { ...identity, subjectNumber: '北京/S1-0001' };
  const anchorAt = '2026-11-22T22:30:00.000Z';
  const undo = (step: string) => ({ ctx, key: uuidv7(), input: { stepKey: `${enrollmentId}/${step}`, enrollmentId, reason: 'enrollment_undone' } });
  return {
    enrollmentId,
    openScreening: () => service.openScreening({ ctx, key: `${enrollmentId}/screening`, input: { ...opening, consentSignedAt: SIGNED } }),
    closeScreening: () => service.closeScreening(undo('screening')),
    record: (results: ScreeningResult[], actor: Actor = ctx.actor) =>
      service.recordScreeningResults({ ctx: { ...ctx, actor }, key: uuidv7(), input: { enrollmentId, results } }),
    openCasebook: () => service.openCasebook({ ctx, key: `${enrollmentId}/casebook`, input: { ...opening, anchorAt } }),
    startEpro: () => service.startEpro({ ctx, key: `${enrollmentId}/epro`, input: { ...identity, anchorAt } }),
    lock: () => service.lockCasebook({ ctx, key: uuidv7(), input: { enrollmentId, reason: '数据库锁定' } }),
    close: () => service.closeCasebook(undo('casebook')),
    stopEpro: () => service.stopEpro(undo('epro')),
  };
}
type Participant = ReturnType<typeof participant>;

async function after(one: Participant, ...steps: (() => Promise<unknown>)[]): Promise<{ ctx: Ctx; input: { enrollmentId: string } }> {
  for (const step of steps) await step();
  return { ctx, input: { enrollmentId: one.enrollmentId } };
}

const result = (item: string, value: ScreeningResult['value'], more: Partial<ScreeningResult> = {}): ScreeningResult => ({ item, value, performedAt: DONE, ...more });

async function makeSamples(): Promise<Samples> {
  const nobody = { ctx, input: { enrollmentId: uuidv7() } };
  const [entered, waiting, closed, bare] = [participant(), participant(), participant(), participant(BARE_ID)];
  const enterAll = async () => {
    await entered.record([result('CREAT', 0.1, { unit: 'µmol/L' }), result('AGE', 18), result('PREGNANT', false), result('STAGE', '3')], ACTORS[0]);
    await entered.record([result('CREAT', 1e-7, { unit: 'µmol/L', reason: '单位换算错误 – “typo”' }), result('STAGE', 3, { reason: 'ward', performedAt: '2026-11-23T17:00:00.000+08:00' })], ACTORS[1]);
    await entered.record([result('PREGNANT', true, { standardOfCare: true, performedAt: '2026-01-01T00:00:00.000Z', reason: 'r' }), result('AGE', 0, { reason: 'r' })], ACTORS[2]);
    await entered.record([result('STAGE', 'Ⅱ 😀', { reason: 'r' })]);
  };
  const [full, locked, undone, noEpro, planless] = [participant(), participant(), participant(), participant(), participant(BARE_ID)];
  return {
    listAuditEntries: auditSamples(),
    screeningResultsOf: [
      nobody,
      await after(entered, entered.openScreening, enterAll),
      await after(waiting, waiting.openScreening),
      await after(closed, closed.openScreening, () => closed.record([result('AGE', -1.5)]), closed.closeScreening),
      await after(bare, bare.openScreening),
    ],
    casebookOf: [
      nobody,
      await after(full, full.openCasebook, full.startEpro),
      await after(locked, locked.openCasebook, locked.startEpro, locked.lock),
      await after(undone, undone.openCasebook, undone.startEpro, undone.stopEpro, undone.close),
      await after(noEpro, noEpro.openCasebook),
      await after(planless, planless.openCasebook, planless.startEpro),
    ],
  };
}

describe('EDC over gRPC', () => {
  it('answers every verb as the verb itself does', async () => {
    await expectSameAnswers(edcRpc, { service, clientOf: (caller) => wire.channels.clientsOf(caller).edc, samples });
  });

  it('has each field of its requests and answers sampled, with a value and, where it may be, without', async () => {
    const asked = await answersTo(edcRpc, { clientOf: (caller) => wire.channels.clientsOf(caller).edc, samples });
    expect(notSampled(Desc, edcRpc, asked)).toEqual([]);
  });

  it('answers what was typed in its type: "3" is no number, 3 no text, 0 and false are values', async () => {
    const one = participant();
    await one.openScreening();
    await one.record([result('STAGE', '3'), result('AGE', 0), result('PREGNANT', false), result('CREAT', 0.1, { unit: 'µmol/L' })]);
    await one.record([result('STAGE', 3, { reason: 'r' })]);
    const screening = await client.screeningResultsOf({ ctx, input: { enrollmentId: one.enrollmentId } });
    const values = screening!.results.map(({ item, value, unit }) => [item, value, unit]);
    expect(values).toStrictEqual([
      ['STAGE', 3, null],
      ['CREAT', 0.1, 'µmol/L'],
      ['PREGNANT', false, null],
      ['AGE', 0, null],
      ['STAGE', '3', null],
    ]);
  });

  it.each(ACTORS)('says who entered a result: $kind', async (actor) => {
    const one = participant();
    await one.openScreening();
    await one.record([result('AGE', 40)], actor);
    const screening = await client.screeningResultsOf({ ctx, input: { enrollmentId: one.enrollmentId } });
    expect(screening!.results.map(({ enteredBy }) => enteredBy)).toStrictEqual([actor]);
  });

  it('keeps apart no casebook, one without diaries, and one whose plan is empty', async () => {
    const [none, noEpro, planless] = [participant(), participant(), participant(BARE_ID)];
    await noEpro.openCasebook();
    await planless.openCasebook();
    await planless.startEpro();
    const see = ({ enrollmentId }: Participant) => client.casebookOf({ ctx, input: { enrollmentId } });
    expect(await see(none)).toBeNull();
    expect(await see(noEpro)).toMatchObject({ epro: null, visits: [{ plannedDate: '2026-11-23' }, { plannedDate: null, windowFrom: null, windowTo: null }] });
    expect(await see(planless)).toMatchObject({ visits: [], epro: { status: 'on', forms: [] } });
  });
});
