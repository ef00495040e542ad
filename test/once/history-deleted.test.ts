// Temporal deletes a closed run when its retention ends. Here the system goes on with another, empty server: a deletion on
// request takes the server half a minute. Real: everything.
import { randomUUID } from 'node:crypto';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTemporal, startTemporal } from '../../runtime/embedded/temporal.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { runOf } from '../enrollment/evidence.ts';
import { directStudy, type EnrollmentBody } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

describe('once the history of a closed enrollment is deleted', () => {
  let at: TestSystem;
  let empty: RunningTemporal;
  beforeAll(async () => {
    [at, empty] = await Promise.all([startTestSystem(), startTemporal({ searchAttributes: REQUIRED_SEARCH_ATTRIBUTES })]);
  });
  afterAll(async () => {
    await at.stop();
    await empty.stop();
  });

  it('everything is still answered from the records, nothing is started twice, and a withdrawal is taken', async () => {
    const study = await directStudy(at);
    const patientId = await study.register();
    const key = randomUUID();
    const body = study.body(patientId);
    const post = (under: string) => study.clinician.post<EnrollmentBody>('/enrollments', body, under);
    const { enrollmentId } = (await post(key)).body;
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active');
    await runOf(at, study, patientId).result();
    const seen = () =>
      Promise.all([`/enrollments/${enrollmentId}`, `/enrollments/${enrollmentId}/timeline`, `/enrollments?studyId=${study.studyId}`].map(async (path) => (await study.clinician.get(path)).body));
    const before = await seen();

    await at.restart({ temporalAddress: empty.address });
    const run = () => runOf(at, study, patientId).describe().then(({ status }) => status.name, (error: Error) => error.name);
    expect(await run()).toBe('WorkflowNotFoundError');

    expect(await seen()).toEqual(before);
    expect(await post(key)).toMatchObject({ status: 201, body: { enrollmentId } });
    expect(await post(randomUUID())).toMatchObject({ status: 200, body: { enrollmentId } });
    expect(await run()).toBe('WorkflowNotFoundError');
    expect(await study.clinician.post<EnrollmentBody>(`/enrollments/${enrollmentId}/withdrawal`, { scope: 'interventions', decidedBy: 'participant', reason: 'no longer wishes to' })).toMatchObject({ status: 200 });
    await study.until(enrollmentId, ({ outcome }) => outcome === 'withdrawn');
  });

  it('the embedded server deletes it a day after the end, and archives nothing', async () => {
    const { config } = await at.system.client.workflowService.describeNamespace({ namespace: 'default' });
    expect(tsToMs(config?.workflowExecutionRetentionTtl)).toBe(24 * 3_600_000);
    // ARCHIVAL_STATE_DISABLED
    expect([config?.historyArchivalState, config?.visibilityArchivalState]).toEqual([1, 1]);
  });
});
