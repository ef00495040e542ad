import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ctx, notFound } from '../../../services/common/index.ts';
import { type EdcService, edcService, type ScreeningResult, screeningResults } from '../../../services/edc/index.ts';
import { protocolBody } from '../../../services/study/protocol-schema.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { TRUSTING } from '../../support/commands.ts';
import { auditOf } from '../../support/audit.ts';

// Real: PostgreSQL, the EDC service. Stand-ins: Study (one protocol) and the clock.
const ctx: Ctx = {
  actor: { kind: 'workflow', workflow: 'consentToEnrollment', onBehalfOf: { id: 'c-1', name: 'Coordinator', role: 'coordinator' } },
  requestId: 'test-request',
};
const PROTOCOL = uuidv7();
const SIGNED = '2026-11-22T08:00:00.000Z';
const NOW = '2026-11-30T12:00:00.000Z';
const DONE = '2026-11-23T09:00:00.000Z';

const criterion = { kind: 'inclusion', text: 'as the protocol has it' } as const;
const BODY = protocolBody.parse({
  version: '1.0',
  effectiveAt: '2026-01-01T00:00:00Z',
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [
    { ...criterion, code: 'I01', item: 'EGFR', operator: '>=', value: 30, unit: 'mL/min' },
    { ...criterion, code: 'I02', item: 'AGE', operator: '>=', value: 18 },
    { ...criterion, code: 'I03', item: 'AGE', operator: '<', value: 75 },
    { ...criterion, code: 'I04', item: 'PREGNANT', operator: '=', value: false },
    { ...criterion, code: 'I05', item: 'STAGE', operator: 'in', value: ['II', '3'] },
    { ...criterion, code: 'I06', item: 'LASTDOSE', operator: '<=', value: { relativeTo: 'consent', offset: '-P28D' } },
    { ...criterion, code: 'I07', item: 'GRADE', operator: 'not in', value: [4, 'unknown'] },
    // Of an item of several criteria the value must be of use to all of them.
    { ...criterion, code: 'I08', item: 'ECOG', operator: 'in', value: [0, 1, 'none'] },
    { ...criterion, code: 'I09', item: 'ECOG', operator: '!=', value: 2 },
  ],
});
const ITEMS = ['EGFR', 'AGE', 'PREGNANT', 'STAGE', 'LASTDOSE', 'GRADE', 'ECOG'];

/** Enrollments whose participants have no consent. */
const unconsented = new Set<string>();

let database: TestDatabase;
let edc: EdcService;
let now = NOW;

beforeAll(async () => {
  database = await createTestDatabase();
  const service = edcService({
commands: TRUSTING,
    db: database.connect('edc'),
    clock: () => new Date(now),
    patient: { consentInForce: async ({ input }) => ({ inForce: !unconsented.has(input.enrollmentId) }) },
    study: {
      getProtocol: async ({ input: { protocolVersionId } }) => {
        if (protocolVersionId !== PROTOCOL) throw notFound('protocol_version');
        return { protocolVersionId, studyId: uuidv7(), version: '1.0', effectiveAt: '2026-01-01T00:00:00.000Z', body: BODY };
      },
    },
    site: {
      getSite: async () => {
        throw notFound('site');
      },
    },
  });
  edc = service;
});
afterAll(() => database.drop());

function participant({ protocolVersionId = PROTOCOL } = {}) {
  const enrollmentId = uuidv7();
  const openKey = `${enrollmentId}/screening/1`;
  const opening = { enrollmentId, studyId: uuidv7(), siteId: uuidv7(), subjectNumber: 'S1-0001', protocolVersionId, consentSignedAt: SIGNED };
  return {
    enrollmentId,
    open: (key = openKey) => edc.openScreening({ ctx, key, input: opening }),
    close: () =>
      edc.closeScreening({ ctx, key: `${openKey}/undo`, input: { stepKey: openKey, enrollmentId, reason: 'enrollment_undone' } }),
    record: (results: ScreeningResult[], key: string = uuidv7()) =>
      edc.recordScreeningResults({ ctx, key, input: { enrollmentId, results } }),
    see: () => edc.screeningResultsOf({ ctx, input: { enrollmentId } }),
    valuesOf: async (item: string) => {
      const screening = await edc.screeningResultsOf({ ctx, input: { enrollmentId } });
      return screening?.results.filter((one) => one.item === item).map(({ value, current }) => [value, current]);
    },
    audits: () => auditOf(database.sql, 'edc', database.sql`verb <> 'openScreening' and (entity_id in (select id::text from edc.screenings where enrollment_id = ${enrollmentId})
        or entity_id in (select r.id::text from edc.screening_results r join edc.screenings s on s.id = r.screening_id
          where s.enrollment_id = ${enrollmentId}))`),
  };
}

const opened = async () => {
  const one = participant();
  await one.open();
  return one;
};

const age = (more: Partial<ScreeningResult> = {}): ScreeningResult => ({ item: 'AGE', value: 40, performedAt: DONE, ...more });
const refusal = (code: string, errorClass: string) => ({ code, errorClass });

describe('the screening forms', () => {
  test('are opened once for what the criteria ask for, 10 times at once and again', async () => {
    const one = participant();
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.open()));
    answers.push(await one.open());
    expect(new Set(answers.map(({ screeningId }) => screeningId)).size).toBe(1);
    expect(answers[0]).toEqual({ screeningId: expect.any(String), items: ITEMS.length });
    expect(await one.see()).toEqual({
      screeningId: answers[0]?.screeningId,
      status: 'open',
      consentSignedAt: SIGNED,
      revision: 0,
      items: ITEMS,
      results: [],
    });
    await expect(one.open('another-key')).rejects.toMatchObject(refusal('screening_exists', 'conflict'));
  });

  test('are not opened for an unknown protocol version', async () => {
    const one = participant({ protocolVersionId: uuidv7() });
    await expect(one.open()).rejects.toMatchObject({ code: 'protocol_version_not_found' });
    expect(await one.see()).toBeNull();
  });

  test('are not opened for somebody without a consent in force; what was opened stays opened', async () => {
    const one = participant();
    unconsented.add(one.enrollmentId);
    await expect(one.open()).rejects.toMatchObject(refusal('consent_not_in_force', 'conflict'));
    expect(await one.see()).toBeNull();
    unconsented.delete(one.enrollmentId);
    const opening = await one.open();
    unconsented.add(one.enrollmentId);
    expect(await one.open()).toEqual(opening);
  });

  test('are closed once, keep what was entered and take nothing more', async () => {
    const one = await opened();
    await one.record([age()]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.close()));
    expect(answers.every(({ undone }) => undone)).toBe(true);
    const audits = await one.audits();
    expect(audits.filter(({ entity }) => entity === 'screening')).toMatchObject([
      { action: 'U', before: { status: 'open' }, after: { status: 'closed', reason: 'enrollment_undone' } },
    ]);
    expect(await one.see()).toMatchObject({ status: 'closed', revision: 1, results: [{ item: 'AGE', value: 40, current: true }] });
    await expect(one.record([age({ value: 41, reason: 'misread' })])).rejects.toMatchObject(refusal('screening_not_open', 'conflict'));
    await expect(one.open()).rejects.toMatchObject({ code: 'command_cancelled' });
    await expect(one.open('another-key')).rejects.toMatchObject({ code: 'screening_exists' });
  });

  test('are not opened by an attempt that arrives after the closing, nor left open by one at once', async () => {
    const late = participant();
    expect(await late.close()).toEqual({ undone: false });
    await expect(late.open()).rejects.toMatchObject({ code: 'command_cancelled' });
    expect(await late.see()).toBeNull();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const one = participant();
        const [opening] = await Promise.allSettled([one.open(), one.close()]);
        if (opening.status === 'rejected') expect(opening.reason).toMatchObject({ code: 'command_cancelled' });
        expect((await one.see())?.status).not.toBe('open');
      }),
    );
  });

  test('that were never opened take no results', async () => {
    await expect(participant().record([age()])).rejects.toMatchObject(refusal('screening_not_open', 'conflict'));
  });
});

describe('results', () => {
  test('of every type come back as they were entered, with who and when', async () => {
    const one = await opened();
    const results = [
      { item: 'EGFR', value: 61.25, unit: 'mL/min', performedAt: '2026-11-23T10:00:00+01:00' },
      { item: 'PREGNANT', value: false, performedAt: DONE, standardOfCare: true },
      // Texts that would be a number, or nothing at all, to a parser too eager.
      { item: 'STAGE', value: '3', performedAt: DONE },
      { item: 'LASTDOSE', value: '2026-10-01', performedAt: DONE },
      { item: 'GRADE', value: 'null', performedAt: DONE },
    ];
    expect(await one.record(results)).toEqual({ recorded: 5, missing: ['AGE', 'ECOG'], revision: 5 });
    const screening = await one.see();
    const entered = { reason: null, enteredAt: NOW, enteredBy: ctx.actor, current: true };
    expect(screening?.revision).toBe(5);
    expect(screening?.results.toReversed()).toEqual([
      { ...entered, item: 'EGFR', value: 61.25, unit: 'mL/min', performedAt: DONE, standardOfCare: false },
      { ...entered, item: 'PREGNANT', value: false, unit: null, performedAt: DONE, standardOfCare: true },
      { ...entered, item: 'STAGE', value: '3', unit: null, performedAt: DONE, standardOfCare: false },
      { ...entered, item: 'LASTDOSE', value: '2026-10-01', unit: null, performedAt: DONE, standardOfCare: false },
      { ...entered, item: 'GRADE', value: 'null', unit: null, performedAt: DONE, standardOfCare: false },
    ]);
  });

  test('name what is missing in the order of the protocol, whatever was entered first', async () => {
    const one = await opened();
    expect((await one.record([{ item: 'STAGE', value: 'II', performedAt: DONE }])).missing).toEqual(
      ITEMS.filter((item) => item !== 'STAGE'),
    );
    expect((await one.record([age()])).missing).toEqual(['EGFR', 'PREGNANT', 'LASTDOSE', 'GRADE', 'ECOG']);
  });

  test('are entered once per key; other content under it is refused', async () => {
    const one = await opened();
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.record([age()], `${one.enrollmentId}/results/1`)));
    const missing = ITEMS.filter((item) => item !== 'AGE');
    for (const answer of answers) expect(answer).toEqual({ recorded: 1, missing, revision: 1 });
    await expect(one.record([age({ value: 41 })], `${one.enrollmentId}/results/1`)).rejects.toMatchObject({ code: 'key_reused' });
    await one.close();
    expect(await one.record([age()], `${one.enrollmentId}/results/1`)).toEqual(answers[0]);
  });

  test('are entered all or none', async () => {
    const one = await opened();
    const wrong = { item: 'EGFR', value: 61, unit: 'mg/dL', performedAt: DONE };
    await expect(one.record([age(), wrong], 'all-or-none')).rejects.toMatchObject({ code: 'unit_mismatch' });
    expect(await one.see()).toMatchObject({ revision: 0, results: [] });
    expect(await one.audits()).toEqual([]);
    // The refusal did not use the key up.
    expect(await one.record([age(), { ...wrong, unit: 'mL/min' }], 'all-or-none')).toMatchObject({ recorded: 2 });
  });

  test.each([
    ['an item that no criterion asks for', { item: 'HEIGHT', value: 180 }, 'unknown_item'],
    ['another unit than the criterion has', { item: 'EGFR', value: 61, unit: 'mg/dL' }, 'unit_mismatch'],
    ['no unit where the criterion has one', { item: 'EGFR', value: 61 }, 'unit_mismatch'],
    ['a text for an order of numbers', { item: 'AGE', value: '40' }, 'value_type'],
    ['a number for yes or no', { item: 'PREGNANT', value: 0 }, 'value_type'],
    ['a number for one of some texts', { item: 'STAGE', value: 3 }, 'value_type'],
    ['yes or no for one of some numbers and texts', { item: 'GRADE', value: true }, 'value_type'],
    ['a number for a date', { item: 'LASTDOSE', value: 20_261_001 }, 'value_type'],
    ['an instant for a date', { item: 'LASTDOSE', value: '2026-10-01T00:00:00Z' }, 'value_type'],
    ['a date that is in no calendar', { item: 'LASTDOSE', value: '2026-02-30' }, 'value_type'],
    ['what only one of two criteria could use', { item: 'ECOG', value: 'none' }, 'value_type'],
  ])('are refused with %s', async (_what, result, code) => {
    const one = await opened();
    await expect(one.record([{ ...result, performedAt: DONE }])).rejects.toMatchObject(refusal(code, 'invalid'));
    expect(await one.see()).toMatchObject({ revision: 0 });
  });

  test('are refused with a text that names item and unit, and never the value', async () => {
    const one = await opened();
    const texts = await Promise.all(
      [
        { item: 'EGFR', value: 61.25, unit: 'mg/dL', performedAt: DONE },
        { item: 'LASTDOSE', value: 'secret', performedAt: DONE },
        { item: 'SECRET', value: 61.25, performedAt: DONE },
      ].map((result) => one.record([result]).then(String, (error: { publicText: string }) => error.publicText)),
    );
    expect(texts).toEqual([
      'EGFR is expected in mL/min.',
      'LASTDOSE is expected to be a calendar date such as 2026-11-22.',
      'Result 1 is for an item that no criterion of the protocol version asks for.',
    ]);
  });

  test('keep a unit that no criterion expects', async () => {
    const one = await opened();
    await one.record([age({ unit: 'a' })]);
    expect(await one.see()).toMatchObject({ results: [{ unit: 'a' }] });
  });

  test('of procedures before the consent are refused, unless they are standard of care', async () => {
    const one = await opened();
    const before = age({ performedAt: '2026-11-22T07:59:59.999Z' });
    await expect(one.record([before])).rejects.toMatchObject(refusal('before_consent', 'invalid'));
    expect(await one.record([{ ...before, standardOfCare: true }])).toMatchObject({ recorded: 1 });
    const atConsent = await opened();
    expect(await atConsent.record([age({ performedAt: SIGNED })])).toMatchObject({ recorded: 1 });
  });

  test('of the future are refused, standard of care or not', async () => {
    const one = await opened();
    const future = age({ performedAt: '2026-11-30T12:00:00.001Z', standardOfCare: true });
    await expect(one.record([future])).rejects.toMatchObject(refusal('performed_in_future', 'invalid'));
    expect(await one.record([{ ...future, performedAt: NOW }])).toMatchObject({ recorded: 1 });
  });

  test('come one per item and call, at most 100, with a real instant', async () => {
    const one = await opened();
    for (const results of [[age(), age({ value: 41, reason: 'misread' })], [], [age({ performedAt: 'yesterday' })]]) {
      await expect(one.record(results)).rejects.toMatchObject(refusal('invalid_input', 'invalid'));
    }
    const many = (count: number) => ({ results: Array.from({ length: count }, (_, index) => age({ item: `I${index}` })) });
    expect(screeningResults.safeParse(many(100)).success).toBe(true);
    expect(screeningResults.safeParse(many(101)).success).toBe(false);
  });
});

describe('a correction', () => {
  test('needs a reason, keeps the old entry and points to it', async () => {
    const one = await opened();
    await one.record([age(), { item: 'PREGNANT', value: false, performedAt: DONE }]);
    await expect(one.record([age({ value: 41 })])).rejects.toMatchObject(refusal('reason_required', 'conflict'));
    now = '2026-12-01T08:00:00.000Z';
    expect(await one.record([age({ value: 41, reason: 'misread' })])).toMatchObject({ recorded: 1, revision: 3 });
    now = NOW;
    const screening = await one.see();
    expect(screening?.results).toMatchObject([
      { item: 'AGE', value: 41, reason: 'misread', current: true, enteredAt: '2026-12-01T08:00:00.000Z' },
      { item: 'PREGNANT', current: true },
      { item: 'AGE', value: 40, reason: null, current: false, enteredAt: NOW },
    ]);
    const links = await database.sql`
      select newer.value as newer, older.value as older from edc.screening_results newer
      join edc.screening_results older on older.id = newer.replaces where newer.screening_id = ${screening?.screeningId ?? ''}`;
    expect(links).toEqual([{ newer: 41, older: 40 }]);
    expect((await one.audits()).at(-1)).toMatchObject({
      action: 'U',
      entity: 'screening_result',
      actor: ctx.actor,
      before: { value: 40, current: true },
      after: { value: 41, reason: 'misread' },
    });
  });

  test.each([
    ['value', { value: 41 }],
    ['unit', { unit: 'a' }],
    ['time', { performedAt: '2026-11-23T09:00:00.001Z' }],
    ['standard of care', { standardOfCare: true }],
  ])('of the %s is one, too', async (_what, change) => {
    const one = await opened();
    await one.record([age()]);
    await expect(one.record([age(change)])).rejects.toMatchObject({ code: 'reason_required' });
    expect(await one.record([age({ ...change, reason: 'misread' })])).toMatchObject({ recorded: 1, revision: 2 });
  });

  test('that changes nothing writes nothing, with or without a reason', async () => {
    const one = await opened();
    await one.record([age()]);
    const same = age({ performedAt: '2026-11-23T10:00:00+01:00', standardOfCare: false });
    expect(await one.record([same])).toMatchObject({ recorded: 0, revision: 1 });
    expect(await one.record([{ ...same, reason: 'again' }])).toMatchObject({ recorded: 0, revision: 1 });
    expect(await one.record([same, { item: 'PREGNANT', value: true, performedAt: DONE }])).toMatchObject({ recorded: 1, revision: 2 });
    expect(await one.audits()).toHaveLength(2);
  });

  test('and another of the same item at once take effect one after the other', async () => {
    const one = await opened();
    await one.record([age()]);
    const values = [41, 42, 43, 44, 45, 46, 47, 48];
    const answers = await Promise.all(values.map((value) => one.record([age({ value, reason: `corrected to ${value}` })])));
    expect(answers.map(({ revision }) => revision).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const found = (await one.valuesOf('AGE')) ?? [];
    expect(found.filter(([, current]) => current)).toHaveLength(1);
    expect(found[0]?.[1]).toBe(true);
    expect(found.map(([value]) => Number(value)).toSorted((a, b) => a - b)).toEqual([40, ...values]);
    const chain = await database.sql`
      select count(distinct replaces)::int as replaced from edc.screening_results r
      join edc.screenings s on s.id = r.screening_id where s.enrollment_id = ${one.enrollmentId}`;
    expect(chain).toEqual([{ replaced: values.length }]);
  });

  test('is what the second of two first entries at once would be: refused without a reason', async () => {
    const one = await opened();
    const answers = await Promise.allSettled([41, 42].map((value) => one.record([age({ value })])));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toMatchObject([{ reason: { code: 'reason_required' } }]);
    expect(await one.valuesOf('AGE')).toHaveLength(1);
  });
});

test('what is current is listed however many corrections came after it', async () => {
  const one = await opened();
  await one.record([{ item: 'PREGNANT', value: false, performedAt: DONE }, age()]);
  const screeningId = (await one.see())?.screeningId ?? '';
  // As after 1200 entries: all between the two current ones have been replaced.
  await database.sql`update edc.screening_results set entry = 1200 where screening_id = ${screeningId} and item = 'AGE'`;
  await database.sql`
    insert into edc.screening_results (id, screening_id, entry, item, value, performed_at, standard_of_care, current, entered_at, entered_by)
    select gen_random_uuid(), screening_id, n, item, value, performed_at, standard_of_care, false, entered_at, entered_by
    from edc.screening_results, generate_series(2, 1199) n where screening_id = ${screeningId} and item = 'AGE'`;
  const screening = await one.see();
  expect(screening?.results).toHaveLength(1000);
  expect(screening?.revision).toBe(1200);
  expect(screening?.results[0]).toMatchObject({ item: 'AGE', current: true });
  expect(screening?.results.at(-1)).toMatchObject({ item: 'PREGNANT', current: true });
  expect(await one.record([age({ value: 41, reason: 'misread' })])).toMatchObject({ recorded: 1, revision: 1201 });
});
