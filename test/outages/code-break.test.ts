// Real: everything. The outages: TCP proxies before Temporal and before the mail server.
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { currentDetailsOf, listed, plaintextOfRuns } from '../enrollment/evidence.ts';
import { expectLegible } from '../enrollment/legible.ts';
import { ARM } from '../support/allocation.ts';
import { attend } from '../support/people.ts';
import { directStudy, type DirectStudy, RANDOMISED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { startTcpProxy, type TcpProxy, through } from './tcp-proxy.ts';
import { decodedHistoryOf } from '../support/decoded-history.ts';

type Broken = { codeBreakId: string; arm: string; code?: string };
const PROTOCOL = { ...RANDOMISED_PROTOCOL, randomisation: { ...RANDOMISED_PROTOCOL.randomisation, arms: [{ code: ARM, ratio: 1 }], blockSizes: [2] } };
const TOLD = ['medical-monitor', 'privacy-officer', 'sponsor'] as const;

describe('a code-break', () => {
  let at: TestSystem;
  let temporal: TcpProxy;
  let mail: TcpProxy;

  beforeAll(async () => {
    at = await startTestSystem();
    temporal = await startTcpProxy(Number(at.temporal.address.split(':')[1]));
    mail = await startTcpProxy(Number(new URL(at.mailbox.smtpUrl).port));
    await at.restart({ temporalAddress: `127.0.0.1:${temporal.port}`, smtpUrl: through(at.mailbox.smtpUrl, mail) });
  });
  afterAll(async () => {
    await Promise.all([temporal.restore(), mail.restore()]);
    await at.stop();
    await Promise.all([temporal.stop(), mail.stop()]);
  });

  beforeEach(async () => {
    await Promise.all([temporal.restore(), mail.restore()]);
  });

  const contact = (study: DirectStudy, role: string) =>
    study.admin.post(`/studies/${study.studyId}/contacts`, { userId: `${role}-1`, name: 'Contact Person', email: `${role}@cro.example`, role });
  const breakCode = (study: DirectStudy, enrollmentId: string) =>
    study.doctor.post<Broken>(`/enrollments/${enrollmentId}/code-break`, { reason: 'secret circumstances' });
  const toldAt = async (id: string) => (await at.database.sql`select told_at from study.code_breaks where id = ${id}`)[0]?.['told_at'] as Date | null;
  const mailsOf = async (codeBreakId: string) => (await at.mailbox.messages()).filter(({ raw }) => raw.includes(codeBreakId));

  async function randomised(contacts: readonly string[] = TOLD): Promise<{ study: DirectStudy; enrollmentId: string; run: string }> {
    const study = await directStudy(at, { protocol: PROTOCOL });
    for (const role of contacts) expect((await contact(study, role)).status).toBe(201);
    const patientId = await study.register();
    const { enrollmentId } = (await study.enrol(patientId)).body;
    await attend(study, enrollmentId);
    await study.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'randomisation', 20_000);
    expect((await study.randomise(enrollmentId)).status).toBe(201);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active', 20_000);
    return { study, enrollmentId, run: `enrollment/${study.studyCode}/${patientId}` };
  }

  /** All that Temporal has of a run, inputs and results included, as readable text. */
  async function everythingOf(workflowId: string): Promise<string> {
    const history = historyToJSON(await decodedHistoryOf(at.system.client, workflowId));
    return history.replaceAll(/"data": ?"([^"]+)"/g, (_all, data: string) => Buffer.from(data, 'base64').toString());
  }

  it.for(['refused', 'silent'] as const)('is answered at once with Temporal and mail down, and told when they are back: %s', { timeout: 90_000 }, async (how) => {
    const { study, enrollmentId, run } = await randomised();
    for (const proxy of [temporal, mail]) {
      if (how === 'refused') await proxy.cut();
      else proxy.hush();
    }
    const begun = performance.now();
    const { status, body } = await breakCode(study, enrollmentId);
    expect([status, body.arm]).toEqual([201, ARM]);
    expect(performance.now() - begun).toBeLessThan(1000);
    // As another process would have left it: the limit refused an attempt, and nobody was told.
    const refused = uuidv7();
    await at.database.sql`insert into study.code_breaks (id, enrollment_id, result, user_id, name, role, reason, at)
      values (${refused}, ${enrollmentId}, 'refused', 'doctor-1', 'Doctor One', 'investigator', 'secret circumstances', now())`;
    expect([await toldAt(body.codeBreakId), await mailsOf(body.codeBreakId)]).toEqual([null, []]);

    await temporal.restore();
    // Begun by the sweep, and it waits with the mails, visibly.
    await expect.poll(() => listed(at, `WorkflowId = "code-break/${refused}" and NeedsAttention = true`), { timeout: 30_000 }).toHaveLength(1);
    expect(await toldAt(body.codeBreakId)).toBeNull();
    await mail.restore();
    for (const [id, subject] of [[body.codeBreakId, /treatment unblinded in an emergency/], [refused, /code-break refused/]] as const) {
      await expect.poll(() => toldAt(id), { timeout: 30_000 }).toBeInstanceOf(Date);
      const mails = await mailsOf(id);
      expect(mails.flatMap(({ to }) => to).toSorted()).toEqual(TOLD.map((role) => `${role}@cro.example`));
      for (const one of mails) {
        expect(one.subject).toMatch(subject);
        expect(JSON.stringify(one)).not.toMatch(new RegExp(`${ARM}|Doctor One|Test Person|secret`));
      }
      const history = await everythingOf(`code-break/${id}`);
      expect(history).toContain(enrollmentId);
      expect(history).not.toMatch(new RegExp(`${ARM}|Doctor One|Test Person|Contact Person|secret|@cro`));
    }
    expect(await everythingOf(run)).not.toContain(ARM);
    expect(JSON.stringify(await plaintextOfRuns(at))).not.toContain(ARM);
  });

  it('in a study that names nobody to be told stays visible, and is told when somebody is named', { timeout: 60_000 }, async () => {
    const { study, enrollmentId } = await randomised([]);
    const { codeBreakId } = (await breakCode(study, enrollmentId)).body;
    await expect.poll(() => listed(at, `WorkflowId = "code-break/${codeBreakId}" and NeedsAttention = true`), { timeout: 20_000 }).toHaveLength(1);
    expect(await toldAt(codeBreakId)).toBeNull();
    expect(await currentDetailsOf(at, `code-break/${codeBreakId}`)).toMatch(/Telling medical monitor, sponsor and privacy officer[^]+nobody: tried again by itself at [^]+add a contact/);
    await expectLegible(at);
    await contact(study, 'medical-monitor');
    await expect.poll(() => toldAt(codeBreakId), { timeout: 20_000 }).toBeInstanceOf(Date);
    expect(await mailsOf(codeBreakId)).toHaveLength(1);
  });

  it('whose report somebody ended in Temporal is reported all the same; what was told is not told again', { timeout: 60_000 }, async () => {
    const { study, enrollmentId } = await randomised();
    await mail.cut();
    const { codeBreakId } = (await breakCode(study, enrollmentId)).body;
    const handle = at.system.client.workflow.getHandle(`code-break/${codeBreakId}`);
    await expect.poll(() => handle.describe().then(({ status }) => status.name, () => 'none'), { timeout: 10_000 }).toBe('RUNNING');
    await handle.terminate('a test');
    await mail.restore();
    await expect.poll(() => toldAt(codeBreakId), { timeout: 30_000 }).toBeInstanceOf(Date);
    const mails = await mailsOf(codeBreakId);
    expect(mails).toHaveLength(TOLD.length);
    await at.restart({ temporalAddress: `127.0.0.1:${temporal.port}`, smtpUrl: through(at.mailbox.smtpUrl, mail) });
    // Only the sweep can come to this one, which no request recorded: once it is told, the sweep has been here.
    const later = uuidv7();
    await at.database.sql`insert into study.code_breaks (id, enrollment_id, result, user_id, name, role, reason, at)
      values (${later}, ${enrollmentId}, 'refused', 'doctor-1', 'Doctor One', 'investigator', 'another time', now())`;
    await expect.poll(() => toldAt(later), { timeout: 30_000 }).toBeInstanceOf(Date);
    expect(await mailsOf(codeBreakId)).toHaveLength(TOLD.length);
  });
});
