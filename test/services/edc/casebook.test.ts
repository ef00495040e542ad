import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ctx, notFound } from '../../../services/common/index.ts';
import { type EdcService, edcService } from '../../../services/edc/index.ts';
import { protocolBody } from '../../../services/study/protocol-schema.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { TRUSTING } from '../../support/commands.ts';
import { auditOf } from '../../support/audit.ts';

// Real: PostgreSQL, the EDC service. Stand-ins: Study (one protocol), Site (a time zone per site), Patient (who has no consent).
const ctx: Ctx = {
  actor: { kind: 'workflow', workflow: 'consentToEnrollment', onBehalfOf: { id: 'c-1', name: 'Coordinator', role: 'coordinator' } },
  requestId: 'test-request',
};
const PROTOCOL = uuidv7();
const BERLIN = uuidv7();
const SHANGHAI = uuidv7();
/** Enrollments whose participants have no consent. */
const unconsented = new Set<string>();
const TIMEZONES = new Map([
  [BERLIN, 'Europe/Berlin'],
  [SHANGHAI, 'Asia/Shanghai'],
]);

const BODY = protocolBody.parse({
  version: '1.0',
  effectiveAt: '2026-01-01T00:00:00Z',
  consentRule: 'CN',
  randomisation: { arms: [{ code: 'A', ratio: 1 }, { code: 'B', ratio: 1 }], blockSizes: [4] },
  visits: [
    { code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] },
    { code: 'V2', anchor: 'enrollment', offset: 'P4W', window: 'P1W', forms: ['VS'] },
    { code: 'V3', anchor: 'randomisation', offset: 'P7D', window: 'P1D', forms: ['AE'] },
  ],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
});

let database: TestDatabase;
let edc: EdcService;

beforeAll(async () => {
  database = await createTestDatabase();
  const service = edcService({
commands: TRUSTING,
    db: database.connect('edc'),
    clock: () => new Date(),
    patient: { consentInForce: async ({ input }) => ({ inForce: !unconsented.has(input.enrollmentId) }) },
    study: {
      getProtocol: async ({ input }) => {
        if (input.protocolVersionId !== PROTOCOL) throw notFound('protocol_version');
        return {
          protocolVersionId: PROTOCOL,
          studyId: uuidv7(),
          version: '1.0',
          effectiveAt: '2026-01-01T00:00:00.000Z',
          body: BODY,
        };
      },
    },
    site: {
      getSite: async ({ input: { siteId } }) => {
        const timezone = TIMEZONES.get(siteId);
        if (!timezone) throw notFound('site');
        return { id: siteId, siteId, code: 'S1', name: 'Site', address: null, timezone, createdAt: '2026-01-01T00:00:00.000Z' };
      },
    },
  });
  edc = service;
});
afterAll(() => database.drop());

type Start = { siteId?: string; anchorAt?: string; protocolVersionId?: string };

function participant({ siteId = BERLIN, anchorAt = '2026-11-22T08:00:00.000Z', protocolVersionId = PROTOCOL }: Start = {}) {
  const enrollmentId = uuidv7();
  const start = { enrollmentId, studyId: uuidv7(), siteId, protocolVersionId, anchorAt };
  const opening = { ...start, subjectNumber: 'S1-0001' };
  const openKey = `${enrollmentId}/openCasebook/1`;
  const eproKey = `${enrollmentId}/startEpro/1`;
  const undo = (stepKey: string, reason = 'voided') => ({ ctx, key: `${stepKey}/undo`, input: { stepKey, enrollmentId, reason } });
  return {
    enrollmentId,
    open: (key = openKey) => edc.openCasebook({ ctx, key, input: opening }),
    close: () => edc.closeCasebook(undo(openKey)),
    lock: (key = uuidv7()) => edc.lockCasebook({ ctx, key, input: { enrollmentId, reason: 'database lock' } }),
    start: (key = eproKey) => edc.startEpro({ ctx, key, input: start }),
    stop: () => edc.stopEpro(undo(eproKey)),
    withdraw: (scope: 'interventions' | 'all_data_collection' | 'samples') =>
      edc.stopDataCollection({ ctx, key: uuidv7(), input: { enrollmentId, scope, reason: 'withdrawal' } }),
    see: () => edc.casebookOf({ ctx, input: { enrollmentId } }),
    /** One round of step 7 as the workflow goes through it, and its undoing. */
    round: (number: number, changed: Partial<typeof opening> = {}) => {
      const stepKey = { casebook: `${enrollmentId}/casebook/${number}`, epro: `${enrollmentId}/epro/${number}` };
      const { subjectNumber: _subjectNumber, ...starting } = { ...opening, ...changed };
      const undone = 'enrollment_undone';
      return {
        open: () => edc.openCasebook({ ctx, key: stepKey.casebook, input: { ...opening, ...changed } }),
        start: () => edc.startEpro({ ctx, key: stepKey.epro, input: starting }),
        close: (reason = undone) => edc.closeCasebook(undo(stepKey.casebook, reason)),
        stop: (reason = undone) => edc.stopEpro(undo(stepKey.epro, reason)),
      };
    },
    audits: async () => {
      const rows = await auditOf(database.sql, 'edc', database.sql`entity_id in (
          select id::text from edc.casebooks where enrollment_id = ${enrollmentId}
          union select id::text from edc.epro_schedules where enrollment_id = ${enrollmentId})`);
      return rows.filter(({ before }) => before !== undefined && before !== null).map(({ verb }) => verb);
    },
  };
}

const datesOf = async (start: Start) => {
  const one = participant(start);
  await one.open();
  const casebook = await one.see();
  return casebook?.visits.map(({ code, plannedDate, windowFrom, windowTo }) => [code, windowFrom, plannedDate, windowTo]);
};

test('a casebook is not opened for somebody without a consent in force; one that was opened stays opened', async () => {
  const one = participant();
  unconsented.add(one.enrollmentId);
  await expect(one.open()).rejects.toMatchObject({ code: 'consent_not_in_force', errorClass: 'conflict', retryable: false });
  expect(await one.see()).toBeNull();
  unconsented.delete(one.enrollmentId);
  const opened = await one.open();
  unconsented.add(one.enrollmentId);
  expect(await one.open()).toEqual(opened);
});

describe('planned visits', () => {
  test('count from the day of enrollment at the site, not in UTC', async () => {
    // 23:30 on the 22nd in Berlin is 06:30 on the 23rd in Shanghai.
    expect(await datesOf({ siteId: BERLIN, anchorAt: '2026-11-22T22:30:00.000Z' })).toEqual([
      ['V1', '2026-11-19', '2026-11-22', '2026-11-25'],
      ['V2', '2026-12-13', '2026-12-20', '2026-12-27'],
      ['V3', null, null, null],
    ]);
    expect(await datesOf({ siteId: SHANGHAI, anchorAt: '2026-11-22T22:30:00.000Z' })).toEqual([
      ['V1', '2026-11-20', '2026-11-23', '2026-11-26'],
      ['V2', '2026-12-14', '2026-12-21', '2026-12-28'],
      ['V3', null, null, null],
    ]);
  });

  test.each([
    // Clocks in Berlin go forward on 2026-03-29 and back on 2026-10-25: days of 23 and 25 hours.
    ['before spring', '2026-03-28T22:30:00.000Z', '2026-03-28', '2026-04-25'],
    ['in spring, just before midnight', '2026-03-29T21:59:59.999Z', '2026-03-29', '2026-04-26'],
    ['in spring, at midnight', '2026-03-29T22:00:00.000Z', '2026-03-30', '2026-04-27'],
    ['before autumn', '2026-10-24T21:59:00.000Z', '2026-10-24', '2026-11-21'],
    ['in autumn, in the hour that comes twice', '2026-10-25T01:30:00.000Z', '2026-10-25', '2026-11-22'],
    ['in autumn, just before midnight', '2026-10-25T22:59:00.000Z', '2026-10-25', '2026-11-22'],
  ])('are not shifted by daylight saving: enrolled %s', async (_when, anchorAt, first, fourWeeksOn) => {
    const dates = await datesOf({ siteId: BERLIN, anchorAt });
    expect(dates?.map(([, , planned]) => planned)).toEqual([first, fourWeeksOn, null]);
  });

  test('keep what the protocol says of each, and stay without dates while their anchor has none', async () => {
    const one = participant();
    expect(await one.open()).toEqual({ casebookId: expect.any(String), visits: 3 });
    const casebook = await one.see();
    expect(casebook).toMatchObject({ status: 'open', subjectNumber: 'S1-0001', timezone: 'Europe/Berlin', epro: null });
    expect(casebook?.visits[0]).toMatchObject({ code: 'V1', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] });
    expect(casebook?.visits[2]).toMatchObject({ code: 'V3', anchor: 'randomisation', plannedDate: null, windowTo: null });
  });
});

describe('the casebook', () => {
  test('is opened once, 20 times at once and again', async () => {
    const one = participant();
    const answers = await Promise.all(Array.from({ length: 20 }, () => one.open()));
    answers.push(await one.open());
    expect(new Set(answers.map(({ casebookId }) => casebookId)).size).toBe(1);
    const [rows] = await database.sql`
      select count(*)::int as visits from edc.visits v join edc.casebooks c on c.id = v.casebook_id
      where c.enrollment_id = ${one.enrollmentId}`;
    expect(rows).toEqual({ visits: 3 });
    await expect(one.open('another-key')).rejects.toMatchObject({ code: 'casebook_exists' });
  });

  test('is closed once, never deleted, and not opened again', async () => {
    const one = participant();
    await one.open();
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.close()));
    answers.push(await one.close());
    expect(answers.every(({ undone }) => undone)).toBe(true);
    expect(await one.audits()).toEqual(['closeCasebook']);
    await expect(one.open()).rejects.toMatchObject({ code: 'command_cancelled' });
    const casebook = await one.see();
    expect(casebook).toMatchObject({ status: 'closed' });
    expect(casebook?.visits).toHaveLength(3);
  });

  test('is not opened by an attempt that arrives after the closing', async () => {
    const one = participant();
    expect(await one.close()).toEqual({ undone: false });
    await expect(one.open()).rejects.toMatchObject({ code: 'command_cancelled' });
    expect(await one.see()).toBeNull();
  });

  test('opened and closed at once is never left open', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const one = participant();
        const [opened] = await Promise.allSettled([one.open(), one.close()]);
        if (opened.status === 'rejected') expect(opened.reason).toMatchObject({ code: 'command_cancelled' });
        expect((await one.see())?.status).not.toBe('open');
      }),
    );
  });

  test('is locked once; there is nothing to lock in one that is closed or was never opened', async () => {
    const one = participant();
    expect(await one.lock()).toEqual({ locked: false });
    await one.open();
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.lock()));
    expect(answers.every(({ locked }) => locked)).toBe(true);
    expect(await one.audits()).toEqual(['lockCasebook']);
    expect(await one.see()).toMatchObject({ status: 'locked' });
    await one.close();
    expect(await one.lock()).toEqual({ locked: false });
    expect(await one.see()).toMatchObject({ status: 'closed' });
  });

  test('is not opened for an unknown protocol version or site', async () => {
    await expect(participant({ protocolVersionId: uuidv7() }).open()).rejects.toMatchObject({ code: 'protocol_version_not_found' });
    await expect(participant({ siteId: uuidv7() }).open()).rejects.toMatchObject({ code: 'site_not_found' });
  });
});

describe('the ePRO schedule', () => {
  test('runs for the planned days from enrollment on, at wall-clock times of the site', async () => {
    const one = participant({ siteId: SHANGHAI, anchorAt: '2026-11-22T22:30:00.000Z' });
    await one.open();
    expect(await one.start()).toEqual({ eproScheduleId: expect.any(String), forms: 1 });
    expect((await one.see())?.epro).toMatchObject({
      status: 'on',
      timezone: 'Asia/Shanghai',
      forms: [{ form: 'DIARY', every: 'P1D', at: '20:00', firstDate: '2026-11-23', lastDate: '2026-12-20' }],
    });
  });

  test('is started once and stopped once, never deleted', async () => {
    const one = participant();
    await one.open();
    const started = await Promise.all(Array.from({ length: 10 }, () => one.start()));
    expect(new Set(started.map(({ eproScheduleId }) => eproScheduleId)).size).toBe(1);
    await expect(one.start('another-key')).rejects.toMatchObject({ code: 'epro_schedule_exists' });
    const stopped = await Promise.all(Array.from({ length: 10 }, () => one.stop()));
    expect(stopped.every(({ undone }) => undone)).toBe(true);
    expect(await one.audits()).toEqual(['stopEpro']);
    expect((await one.see())?.epro).toMatchObject({ status: 'off', forms: [{ form: 'DIARY' }] });
  });

  test('is not started by an attempt that arrives after the stop', async () => {
    const one = participant();
    expect(await one.stop()).toEqual({ undone: false });
    await expect(one.start()).rejects.toMatchObject({ code: 'command_cancelled' });
  });

  test('is not started once data collection has been stopped', async () => {
    const one = participant();
    await one.open();
    expect(await one.withdraw('all_data_collection')).toEqual({ casebook: 'locked', epro: 'none' });
    await expect(one.start()).rejects.toMatchObject({ code: 'data_collection_stopped' });
  });
});

describe('a withdrawal', () => {
  test('from all data collection locks the casebook and switches ePRO off, and keeps both', async () => {
    const one = participant();
    await one.open();
    await one.start();
    expect(await one.withdraw('all_data_collection')).toEqual({ casebook: 'locked', epro: 'off' });
    expect(await one.withdraw('all_data_collection')).toEqual({ casebook: 'locked', epro: 'off' });
    expect(await one.audits()).toEqual(['stopDataCollection', 'stopDataCollection']);
    const casebook = await one.see();
    expect(casebook).toMatchObject({ status: 'locked', epro: { status: 'off' } });
    expect(casebook?.visits).toHaveLength(3);
  });

  test.each(['interventions', 'samples'] as const)('from %s only keeps both going', async (scope) => {
    const one = participant();
    await one.open();
    await one.start();
    expect(await one.withdraw(scope)).toEqual({ casebook: 'kept', epro: 'kept' });
    expect(await one.see()).toMatchObject({ status: 'open', epro: { status: 'on' } });
  });

  test('finds nothing where nothing was opened', async () => {
    expect(await participant().withdraw('all_data_collection')).toEqual({ casebook: 'none', epro: 'none' });
    expect(await participant().withdraw('samples')).toEqual({ casebook: 'none', epro: 'none' });
  });
});

describe('after an undone enrollment', () => {
  /** Both were opened and undone again. */
  const undone = async () => {
    const one = participant();
    const first = one.round(1);
    const [{ casebookId }, { eproScheduleId }] = await Promise.all([first.open(), first.start()]);
    await Promise.all([first.close(), first.stop()]);
    return { ...one, first, casebookId, eproScheduleId };
  };

  test('the same casebook and schedule are opened again side by side, dated anew', async () => {
    const one = await undone();
    const next = one.round(2, { anchorAt: '2026-11-25T08:00:00.000Z' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => Promise.all([next.open(), next.start()])));
    for (const answer of answers) {
      expect(answer).toEqual([
        { casebookId: one.casebookId, visits: 3 },
        { eproScheduleId: one.eproScheduleId, forms: 1 },
      ]);
    }
    const casebook = await one.see();
    expect(casebook).toMatchObject({
      status: 'open',
      visits: [
        { code: 'V1', windowFrom: '2026-11-22', plannedDate: '2026-11-25', windowTo: '2026-11-28' },
        { code: 'V2', plannedDate: '2026-12-23' },
        { code: 'V3', plannedDate: null },
      ],
      epro: { status: 'on', forms: [{ firstDate: '2026-11-25', lastDate: '2026-12-22' }] },
    });
    expect(casebook?.visits).toHaveLength(3);
    const [rows] = await database.sql`
      select status_reason, closed_at from edc.casebooks where enrollment_id = ${one.enrollmentId}`;
    expect(rows).toEqual({ status_reason: null, closed_at: null });
    expect((await one.audits()).toSorted()).toEqual(['closeCasebook', 'openCasebook', 'startEpro', 'stopEpro']);
  });

  test('the audit trail keeps the dates that were replaced; equal ones are not written again', async () => {
    const one = await undone();
    const rowsOf = () => database.sql`
      select v.ctid, v.id from edc.visits v join edc.casebooks c on c.id = v.casebook_id
      where c.enrollment_id = ${one.enrollmentId} order by v.position`;
    const trail = async () => {
      const rows = await auditOf(database.sql, 'edc', database.sql`verb = 'openCasebook' and action = 'U' and entity_id = ${one.casebookId}`);
      return rows.map(({ before, after }) => ({ before, after }));
    };
    const rows = await rowsOf();
    const again = one.round(2);
    await again.open();
    expect(await rowsOf()).toEqual(rows);
    const [same] = await trail();
    expect(same).toMatchObject({ before: { status: 'closed', reason: 'enrollment_undone' }, after: { status: 'open' } });
    expect(same?.['before']).not.toHaveProperty('visits');
    await again.close();
    await one.round(3, { anchorAt: '2026-11-25T08:00:00.000Z' }).open();
    expect((await rowsOf()).map(({ id }) => id as string)).toEqual(rows.map(({ id }) => id as string));
    expect((await trail())[1]).toMatchObject({
      before: { visits: [{ plannedDate: '2026-11-22' }, { plannedDate: '2026-12-20' }, { plannedDate: null }] },
      after: { visits: [{ plannedDate: '2026-11-25' }, { plannedDate: '2026-12-23' }, { plannedDate: null }] },
    });
  });

  test('an undoing of the first round that is repeated does not undo the second', async () => {
    const one = await undone();
    const next = one.round(2);
    await Promise.all([next.open(), next.start()]);
    await Promise.all([one.first.close(), one.first.stop()]);
    expect(await one.see()).toMatchObject({ status: 'open', epro: { status: 'on' } });
    await expect(one.first.open()).rejects.toMatchObject({ code: 'command_cancelled' });
    await expect(one.first.start()).rejects.toMatchObject({ code: 'command_cancelled' });
    await Promise.all([next.close(), next.stop()]);
    expect(await one.see()).toMatchObject({ status: 'closed', epro: { status: 'off' } });
    await Promise.all([one.round(3).open(), one.round(3).start()]);
    expect(await one.see()).toMatchObject({ status: 'open', epro: { status: 'on' } });
  });

  test('two rounds at once open one casebook; the other is refused', async () => {
    const one = await undone();
    const answers = await Promise.allSettled([one.round(2).open(), one.round(3).open()]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(answers.find((answer) => answer.status === 'rejected')).toMatchObject({ reason: { code: 'casebook_exists' } });
  });

  test('a schedule that never took effect in the first round is started before its casebook is open again', async () => {
    const one = participant();
    await one.round(1).open();
    await Promise.all([one.round(1).close(), one.round(1).stop()]);
    expect(await one.round(2).start()).toMatchObject({ forms: 1 });
    expect(await one.see()).toMatchObject({ status: 'closed', epro: { status: 'on' } });
  });

  test('what was closed or switched off for any other reason stays so', async () => {
    const one = participant();
    await Promise.all([one.round(1).open(), one.round(1).start()]);
    await one.round(1).stop('voided');
    await expect(one.round(2).start()).rejects.toMatchObject({ code: 'epro_schedule_exists' });
    await one.round(1).close('voided');
    await expect(one.round(2).open()).rejects.toMatchObject({ code: 'casebook_exists' });
    await expect(one.round(2).start()).rejects.toMatchObject({ code: 'data_collection_stopped' });
    expect(await one.see()).toMatchObject({ status: 'closed', epro: { status: 'off' } });
  });

  test('a casebook that was locked before it was closed stays closed, and its schedule off', async () => {
    const one = participant();
    await Promise.all([one.round(1).open(), one.round(1).start()]);
    await one.lock();
    await Promise.all([one.round(1).close(), one.round(1).stop()]);
    await expect(one.round(2).open()).rejects.toMatchObject({ code: 'casebook_exists' });
    await expect(one.round(2).start()).rejects.toMatchObject({ code: 'data_collection_stopped' });
  });

  test.each([
    ['under another subject number', { subjectNumber: 'S1-0002' }],
    ['at another site', { siteId: SHANGHAI }],
  ])('nothing is opened again %s', async (_how, changed: { subjectNumber?: string; siteId?: string }) => {
    const one = await undone();
    const next = one.round(2, changed);
    await expect(next.open()).rejects.toMatchObject({ code: 'casebook_exists' });
    if (changed.siteId) await expect(next.start()).rejects.toMatchObject({ code: 'epro_schedule_exists' });
    expect(await one.see()).toMatchObject({ status: 'closed', epro: { status: 'off' } });
  });
});
