// Real: everything. The outage: a TCP proxy between the notification service and the mail server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tallyOf } from '../once/tally.ts';
import { expectInvariants } from '../support/invariants.ts';
import { directStudy } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { startTcpProxy, type TcpProxy, through } from './tcp-proxy.ts';

describe('when the mail server is down', () => {
  let at: TestSystem;
  let proxy: TcpProxy;

  beforeAll(async () => {
    at = await startTestSystem();
    proxy = await startTcpProxy(Number(new URL(at.mailbox.smtpUrl).port));
    await at.restart({ smtpUrl: through(at.mailbox.smtpUrl, proxy) });
  });
  afterAll(async () => {
    await at.stop();
    await proxy.stop();
  });

  it('enrols all the same, waits visibly with the notices, and sends each once when it is back, without an operator', { timeout: 60_000 }, async () => {
    const study = await directStudy(at);
    await proxy.cut();
    const { status, body } = await study.enrol(await study.register());
    expect(status).toBe(201);
    const parked = await study.until(body.enrollmentId, ({ stuckStep }) => stuckStep === 'notices', 20_000);
    expect(parked).toMatchObject({ stage: 'activation', status: 'on-study', needsAttention: true, attention: [{ code: 'mail_unavailable' }] });
    expect(await tallyOf(at.database.sql, study.studyId)).toMatchObject({ confirmed: 1, casebooksOpen: 1, enrolledNotices: 0 });

    await proxy.restore();
    await study.until(body.enrollmentId, ({ outcome }) => outcome === 'active', 30_000);
    const mails = await at.mailbox.messages();
    expect(mails.filter(({ to }) => to.includes('doctor@hospital.example'))).toHaveLength(2);
    expect(mails.filter(({ to }) => to.includes('coordinator@hospital.example'))).toHaveLength(1);
    await expectInvariants(at);
  });
});
