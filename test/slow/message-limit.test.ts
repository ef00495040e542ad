// What an enrollment comes to when people send more than anybody should; see "Limits" in docs/replay.md.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOf } from '../enrollment/evidence.ts';
import { directStudy, type DirectStudy, resultsOf, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

const MESSAGES = 500;
/** Temporal warns from here on, and ends a run by force at five times as much. */
const WARNED = { events: 10_240, bytes: 10 * 1024 * 1024 };
/** Temporal's `history.maxTotalUpdates`: a run is given no more of them, whoever sends them. */
const UPDATES = 2000;
const LIMIT_REACHED = { status: 409, body: { code: 'limit_reached' } };

describe('an enrollment that is sent too much', () => {
  let at: TestSystem;
  let study: DirectStudy;
  beforeAll(async () => {
    at = await startTestSystem();
    study = await directStudy(at, { protocol: SCREENED_PROTOCOL });
  });
  afterAll(() => at.stop());

  async function screening() {
    const patientId = await study.register();
    const { body: { enrollmentId } } = await study.enrol(patientId);
    await study.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'screening_results');
    const size = async () => {
      const { historyLength, historySize = 0 } = await runOf(at, study, patientId).describe();
      return { events: historyLength, bytes: historySize };
    };
    const post = (results: unknown, key?: string) => study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, { results }, key);
    return { enrollmentId, size, post };
  }

  it('takes 500 messages in a history that Temporal does not warn of, refuses more without a trace, and still lets the participant withdraw', async () => {
    const { enrollmentId, size, post } = await screening();
    const corrected = (sent: number) => resultsOf({ AGE: 40 + (sent % 5) }, { reason: 'read again' });
    const first = { key: randomUUID(), results: corrected(0) };
    const answer = await post(first.results, first.key);
    // The start and the first correction were two of them.
    for (let sent = 2; sent < MESSAGES; sent += 1) expect(await post(corrected(sent))).toMatchObject({ status: 201 });
    const full = await size();
    expect(full.events).toBeGreaterThan(10 * MESSAGES);
    expect(full.events).toBeLessThan(WARNED.events);
    expect(full.bytes).toBeLessThan(WARNED.bytes / 2);

    for (let sent = 0; sent < 20; sent += 1) expect(await post(corrected(sent))).toMatchObject(LIMIT_REACHED);
    expect(await post(first.results, first.key), 'what was taken is answered again').toMatchObject({ status: 201, body: answer.body });
    expect(await size()).toEqual(full);

    // Operators' words are still taken, until Temporal itself takes no more.
    for (let sent = MESSAGES; sent < UPDATES; sent += 1) expect(await study.resolve(enrollmentId, 'retry')).toMatchObject({ status: 409, body: { code: 'not_parked' } });
    expect(await study.resolve(enrollmentId, 'retry')).toMatchObject(LIMIT_REACHED);
    const key = randomUUID();
    expect(await study.withdraw(enrollmentId, 'interventions', key)).toMatchObject({ status: 202 });
    await study.until(enrollmentId, ({ outcome }) => outcome === 'declined');
    expect((await size()).events).toBeLessThan(2 * WARNED.events);
  });

  it('takes large messages, ten at once, only until the history has 10 MB', async () => {
    const { enrollmentId, size, post } = await screening();
    const large = () => resultsOf(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`ITEM_${index}`, '样'.repeat(200)])), { reason: '样'.repeat(1000) });
    const codes: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(large())));
      codes.push(...answers.map(({ body }) => body['code']));
    }
    // No criterion asks for these items; they are in the history all the same.
    expect(codes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'unknown_item'));
    expect(codes.slice(-20)).toEqual(Array.from({ length: 20 }, () => 'limit_reached'));
    const { bytes } = await size();
    expect(bytes).toBeGreaterThan(WARNED.bytes);
    expect(bytes).toBeLessThan(2 * WARNED.bytes);
    expect(await study.withdraw(enrollmentId)).toMatchObject({ status: 200 });
    await study.until(enrollmentId, ({ outcome }) => outcome === 'declined');
  });
});
