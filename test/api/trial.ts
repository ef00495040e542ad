import { type Answer, type Caller, nextKey, type TestApi } from './support.ts';

export const DOCUMENT = 'a'.repeat(64);
export const HOME = 'S1';
export const OTHER = 'S2';

export type Trial = { studyId: string; studyCode: string; siteId: string; otherSiteId: string; delegationId: string; admin: Caller; coordinator: Caller };

let made = 0;

function ok(answer: Answer): Answer['body'] {
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer.body;
}

export const directProtocol = () => ({
  version: '1.0',
  effectiveAt: '2026-01-15T00:00:00Z',
  visits: [{ code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM'] }],
});

/** A direct study that may recruit at site S1; S2 is there but takes no part. All through the API itself. */
export async function setUpTrial(api: TestApi): Promise<Trial> {
  const admin = api.as('admin');
  const site = async (code: string) => ok(await admin('POST', '/sites', { body: { code, name: `Hospital ${code}`, timezone: 'Asia/Shanghai' } })).siteId;
  const [siteId, otherSiteId] = [await site(HOME), await site(OTHER)];
  const studyCode = 'OBS-1';
  const { studyId } = ok(await admin('POST', '/studies', { body: { code: studyCode, title: 'An observation' } }));
  const at = `/studies/${studyId}`;
  ok(await admin('POST', `${at}/protocol-versions`, { body: directProtocol() }));
  ok(await admin('POST', `${at}/sites`, { body: { siteId, cap: 50, protocolVersion: '1.0', ethicsApprovedAt: '2026-01-20T00:00:00Z' } }));
  ok(
    await admin('POST', `${at}/consent-versions`, {
      body: { version: '3.1', siteId, language: 'zh-CN', approvedAt: '2026-01-20T00:00:00Z', effectiveAt: '2026-01-21T00:00:00Z', documentSha256: DOCUMENT },
    }),
  );
  ok(await admin('POST', `${at}/investigators`, { body: { userId: 'inv-7', name: 'Dr. Li', email: 'li@site.example', siteId, role: 'principal' } }));
  const { delegationId } = ok(
    await admin('POST', `${at}/delegations`, { body: { userId: 'nurse-1', siteId, tasks: ['consent'], from: '2026-01-20T00:00:00Z' } }),
  );
  return { studyId, studyCode, siteId, otherSiteId, delegationId, admin, coordinator: api.as('coordinator', { sites: [HOME] }) };
}

export function newPerson(siteId: string) {
  made += 1;
  return {
    name: 'Wang Xiaoming',
    identifiers: [{ type: 'passport', country: 'DE', value: `C${String(made).padStart(8, '0')}` }],
    mobile: '13812341234',
    dateOfBirth: '1980-05-17',
    siteId,
  };
}

export async function registered(by: Caller, siteId: string): Promise<string> {
  return ok(await by('POST', '/patients', { body: newPerson(siteId) })).patientInfo.id;
}

export function signedConsent() {
  return {
    version: '3.1',
    language: 'zh-CN',
    method: 'paper',
    documentSha256: DOCUMENT,
    signers: [
      { role: 'participant', name: 'Wang Xiaoming', signedAt: '2026-03-01T08:00:00Z', mark: 'signature' },
      { role: 'discusser', userId: 'inv-7', name: 'Dr. Li', signedAt: '2026-03-01T08:05:00Z', mark: 'signature' },
    ],
    decisions: { participation: true, futureResearch: false },
    copyGiven: { at: '2026-03-01T08:06:00Z', how: 'paper' },
  };
}

export function enrollmentBody(trial: Pick<Trial, 'studyId' | 'siteId'>, patientId: string) {
  const { studyId, siteId } = trial;
  return { patientId, studyId, siteId, rescreenOf: null, capacity: 'full', canRead: true, consent: signedConsent() };
}

/** A person of site S1 with an enrollment under way (its record is what Study would have by then). */
export async function enrolled(api: TestApi, trial: Trial, key = nextKey()): Promise<{ patientId: string; enrollmentId: string; consentId: string }> {
  const patientId = await registered(trial.coordinator, trial.siteId);
  const { enrollmentId, consentId } = ok(await trial.coordinator('POST', '/enrollments', { body: enrollmentBody(trial, patientId), key }));
  const run = api.gateway.runs.get(enrollmentId);
  if (!run) throw new Error('no run');
  const { studyCode, siteCode, requestKey, contentHash, rescreenOf, protocol, actor } = run;
  await api.services.services.study!.recordProgress({
    ctx: { actor: { kind: 'user', ...actor }, requestId: 'test' },
    key: nextKey(),
    input: {
      identity: {
        enrollmentId, patientId, studyId: trial.studyId, studyCode, siteId: trial.siteId, siteCode, requestKey, contentHash, rescreenOf,
        protocolVersionId: protocol.protocolVersionId,
      },
      revision: 1, stage: 'slot', needsAttention: false, stuckStep: null, awaiting: null,
    },
  });
  return { patientId, enrollmentId, consentId };
}
