import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../enrollment/faults.ts';
import { withdraw } from '../enrollment/words.ts';
import { expectInvariants } from '../support/invariants.ts';
import type { DirectStudy } from '../support/scenario.ts';
import { ask, type Asked, type Case } from './ask.ts';
import { awaitingReConsent, awaitingResults, awaitingSignature, awaits, expectTrue, type RaceBench, startRaceBench } from './bench.ts';

const WINDOW_MS = 28 * 86_400_000;
/** Long enough to come to the moment of the race on a busy machine. */
const LEFT_MS = 9000;
const ENDING = { signedAgoMs: WINDOW_MS - LEFT_MS };
const HASTY = { eligibilitySignature: { reminder: 'PT1S', expiry: 'PT5S' } };
/** How long before the deadline somebody asks: the way through REST and Temporal takes about as long. */
const AHEAD_MS = [100, 50, 25, 0];

type Deadline = { name: string; kind: Asked; activity: string; prepare: () => Promise<Case>; reason: string };

describe('a deadline that ends at the moment when something is recorded', () => {
  let bench: RaceBench;
  let study: DirectStudy;
  let hasty: DirectStudy;

  beforeAll(async () => {
    bench = await startRaceBench();
    [study, hasty] = [await bench.screened(), await bench.screened(HASTY)];
  });
  afterAll(() => bench.stop());

  const DEADLINES: Deadline[] = [
    { name: 'results against the screening window', kind: 'results', activity: 'recordScreeningResults', prepare: () => awaitingResults(study, ENDING), reason: 'screening_window' },
    { name: 'a signature against the screening window', kind: 'decision', activity: 'signEligibility', prepare: () => awaitingSignature(study, ENDING), reason: 'screening_window' },
    { name: 'a signature against its own expiry', kind: 'decision', activity: 'signEligibility', prepare: () => awaitingSignature(hasty), reason: 'eligibility_signature' },
  ];
  const HELD = DEADLINES.flatMap((one) => (['before', 'after'] as const).map((where) => ({ ...one, where })));

  const windowEnd = ({ signedAtMs }: Case) => signedAtMs + WINDOW_MS;
  const awaitedUntil = async ({ study: within, enrollmentId }: Case) => Date.parse((await within.get(enrollmentId)).body.awaiting?.until ?? '');
  const endOf = (one: Case, { reason }: Pick<Deadline, 'reason'>) => (reason === 'screening_window' ? Promise.resolve(windowEnd(one)) : awaitedUntil(one));
  /** By all clocks of this machine, the workflow's timers included. */
  const passed = (until: number) => eventually('the deadline has passed', () => Promise.resolve(Date.now() > until + 300), 3 * LEFT_MS);

  /** What was signed in time did not lack a signature; whoever is told that it was signed sees it go on, unless the window ended. */
  async function expectAgrees(one: Case, { kind, status }: { kind: Asked; status: number }): Promise<void> {
    const { outcome, reason, decisions } = await bench.record(one);
    expect(kind === 'decision' && status === 201 ? ['active', 'expired'] : ['expired']).toContain(outcome);
    if (reason === 'eligibility_signature') expect(decisions, 'expired for want of a signature').toEqual([]);
    if (outcome !== 'expired') return;
    const told = 'not_enrolled to coordinator-1';
    await eventually(told, async () => (await bench.mails(one)).includes(told));
    expect((await bench.mails(one)).filter((mail) => mail.startsWith('not_enrolled'))).toEqual([told]);
  }

  it.concurrent.each(HELD)('$name, which hangs $where its effect: the answer is what the record says', async ({ kind, activity, where, prepare, reason }) => {
    const one = await prepare();
    const before = await bench.record(one);
    const until = await endOf(one, { reason });
    const hold = bench.faults.hold(activity, where, one.patientId);
    const asked = ask[kind](one);
    await hold.reached();
    await passed(until);
    await hold.release();
    await bench.runEnds(one);
    const answer = await asked;
    await expectTrue(bench, one, { kind, answer, before });
    await expectAgrees(one, { kind, status: answer.status });
  });

  it.concurrent.each(DEADLINES)('$name, at the same moment: the answer is what the record says', async ({ kind, prepare, reason }) => {
    await Promise.all(AHEAD_MS.map(async (ahead) => {
      const one = await prepare();
      const before = await bench.record(one);
      const until = await endOf(one, { reason });
      await delay(Math.max(0, until - ahead - Date.now()));
      const answer = await ask[kind](one);
      await bench.runEnds(one);
      await expectTrue(bench, one, { kind, answer, before });
      await expectAgrees(one, { kind, status: answer.status });
    }));
  });

  describe('a renewed consent against its deadline', () => {
    const short = () => bench.screened({ reconsentDeadline: 'PT4S' });

    it.concurrent.each(['before', 'after'] as const)('that came in time counts, although recording it takes longer (hangs %s its effect)', async (where) => {
      const one = await awaitingReConsent(await short());
      const before = await bench.record(one);
      const until = await awaitedUntil(one);
      const hold = bench.faults.hold('recordConsent', where, one.patientId);
      const asked = ask.consent(one);
      await hold.reached();
      await passed(until);
      await hold.release();
      const answer = await asked;
      expect(answer).toMatchObject({ status: 201, body: { validity: 'valid' } });
      await expectTrue(bench, one, { kind: 'consent', answer, before });
      await one.study.until(one.enrollmentId, awaits('eligibility'));
      expect((await ask.decision(one)).status).toBe(201);
      await bench.runEnds(one);
      expect(await bench.record(one)).toMatchObject({ outcome: 'active' });
    });

    it.concurrent('at the same moment: recorded and on it goes, or refused and expired', async () => {
      await Promise.all(AHEAD_MS.map(async (ahead) => {
        const one = await awaitingReConsent(await short());
        const before = await bench.record(one);
        const until = await awaitedUntil(one);
        await delay(Math.max(0, until - ahead - Date.now()));
        const answer = await ask.consent(one);
        await expectTrue(bench, one, { kind: 'consent', answer, before });
        if (answer.status === 201) {
          await one.study.until(one.enrollmentId, awaits('eligibility'));
          expect((await withdraw(one.study, one.enrollmentId)).status).toBe(200);
        }
        await bench.runEnds(one);
        expect(await bench.record(one)).toMatchObject(answer.status === 201 ? { outcome: 'declined' } : { outcome: 'expired', reason: 'reconsent_deadline' });
      }));
    });
  });

  describe('a withdrawal against the screening window', () => {
    const undoing = async (activity: string) => {
      const one = await awaitingResults(study, ENDING);
      return { one, until: windowEnd(one), hold: bench.faults.hold(activity, 'before', one.patientId) };
    };
    const ends = async (one: Case, outcome: string) => {
      await bench.runEnds(one);
      expect(await bench.record(one)).toMatchObject({ outcome });
      expect((await bench.mails(one)).filter((mail) => mail.startsWith('not_enrolled'))).toEqual(['not_enrolled to coordinator-1']);
    };

    it.concurrent('a window that ends while a withdrawal is being applied changes nothing', async () => {
      const { one, until, hold } = await undoing('closeScreening');
      expect((await withdraw(study, one.enrollmentId)).status).toBe(200);
      await hold.reached();
      await passed(until);
      await hold.release();
      await ends(one, 'declined');
    });

    it.concurrent("the participant's word outranks an expiry that is still being undone", async () => {
      const { one, hold } = await undoing('closeScreening');
      await hold.reached();
      expect((await withdraw(study, one.enrollmentId)).status).toBe(200);
      await hold.release();
      await ends(one, 'declined');
    });

    it.concurrent('is refused, not lost, once the expiry is being recorded', async () => {
      const { one, hold } = await undoing('recordOutcome');
      await hold.reached();
      expect((await withdraw(study, one.enrollmentId)).status).toBe(409);
      await hold.release();
      await ends(one, 'expired');
    });

    it.concurrent('at the same moment: accepted and declined, or refused and expired', async () => {
      await Promise.all(AHEAD_MS.map(async (ahead) => {
        const one = await awaitingResults(study, ENDING);
        await delay(Math.max(0, windowEnd(one) - ahead - Date.now()));
        const { status } = await withdraw(study, one.enrollmentId);
        expect([200, 409]).toContain(status);
        await ends(one, status === 200 ? 'declined' : 'expired');
      }));
    });
  });

  // Not concurrent: runs after all the others.
  it('leaves every invariant true', () => expectInvariants(bench.at));
});
