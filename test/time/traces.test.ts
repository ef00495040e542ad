// Real: the system on Temporal's time-skipping server. What a timer begins after days is a trace of its own.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TraceLine } from '../../api/debug/kept-traces.ts';
import { caller, type EnrollmentBody, signedConsent } from '../support/scenario.ts';
import { named, pathOf, recordedTrace, traceWith } from '../telemetry/trace.ts';
import { settled } from './end.ts';
import { DAY } from './server-clock.ts';
import { startTimedSystem, type TimedSystem } from './timed-system.ts';
import { trial } from './trial.ts';

let system: TimedSystem;
beforeAll(async () => {
  system = await startTimedSystem();
});
afterAll(() => system.stop());

it('a wait of days is no endless span: what ends the window is a trace of its own, linked to where the enrollment began', async () => {
  const { at, clock } = system;
  const { study, register } = await trial(system);
  const { traceId, headers } = recordedTrace();
  const clinician = await caller(at, 'clinician', { sites: [study.siteCode], headers });
  const signedAt = new Date(clock.now().getTime() - 60_000);
  const { body } = await clinician.post<EnrollmentBody>('/enrollments', study.body(await register(), signedConsent(signedAt)));
  await study.until(body.enrollmentId, ({ awaiting }) => awaiting !== undefined);
  const begun = await traceWith(at.url, traceId, ['RunWorkflow:consentToEnrollment', 'RunActivity:recordProgress']);

  await clock.advanceTo(signedAt.getTime() + 29 * DAY);
  await study.until(body.enrollmentId, ({ outcome }) => outcome === 'expired');

  const others = async () => {
    const { items } = (await (await fetch(`${at.url}/debug/traces`)).json()) as { items: TraceLine[] };
    return Promise.all(items.filter((line) => line.traceId !== traceId).map((line) => traceWith(at.url, line.traceId, [])));
  };
  const withOutcome = async () => (await others()).find((spans) => spans.some(({ name }) => name === 'RunActivity:recordOutcome'));
  await settled(withOutcome).toBeDefined();
  const last = (await withOutcome())!;
  expect(pathOf(last, named(last, 'RunActivity:recordOutcome'))).toEqual(['ResumeWorkflow:consentToEnrollment', 'RunActivity:recordOutcome']);
  expect(named(last, 'ResumeWorkflow:consentToEnrollment').links).toContainEqual({ traceId, spanId: named(begun, 'RunWorkflow:consentToEnrollment').spanId });
  // Nothing of it is in the trace of the request, which was over weeks ago.
  expect((await traceWith(at.url, traceId, [])).some(({ name }) => name === 'RunActivity:recordOutcome')).toBe(false);
});
