import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

describe('a direct protocol, through the front door, on real PostgreSQL, Temporal and SMTP', () => {
  let at: TestSystem;
  let study: DirectStudy;

  beforeAll(async () => {
    at = await startTestSystem();
    study = await directStudy(at);
  });
  afterAll(() => at.stop());

  it('takes a participant from signed consent to active, and tells the study doctor', async () => {
    const patientId = await study.register();
    const posted = await study.enrol(patientId);
    expect(posted.status).toBe(201);
    expect(posted.headers.get('location')).toBe(`/api/v1/enrollments/${posted.body.enrollmentId}`);

    const ended = await study.until(posted.body.enrollmentId, (body) => body.outcome !== undefined);
    expect(ended).toMatchObject({ stage: 'activation', status: 'on-study', outcome: 'active', needsAttention: false });
    expect(ended.subjectNumber).toBe(`${study.siteCode}-0001`);
    const mails = await at.mailbox.messages();
    expect(mails.filter((mail) => mail.to.includes('doctor@hospital.example'))).toHaveLength(2);
  });

  it('costs at most 10 activities and 80 history events', async () => {
    const { body } = await study.enrol(await study.register());
    await study.until(body.enrollmentId, (now) => now.outcome === 'active');
    const handle = at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${String((await study.get(body.enrollmentId)).body['patientId'])}`);
    await handle.result();
    const { events } = await handle.fetchHistory();
    const activities = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes);
    expect(activities.length).toBeLessThanOrEqual(10);
    expect((events ?? []).length).toBeLessThanOrEqual(80);
  });
});
