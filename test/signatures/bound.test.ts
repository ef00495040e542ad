import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../api/support.ts';
import { registered, setUpTrial, signedConsent, type Trial } from '../api/trial.ts';

let api: TestApi;
let trial: Trial;
beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
});
afterAll(() => api.stop());

type Signed = { consentId: string; signature: { userId: string; name: string; role: string; at: string; meaning: string; valid: boolean | null } | null };

/** 21 CFR 11.70: a signature can't be cut out, copied or left under a record that was changed. */
describe('the signature under a recorded consent', () => {
  const consented = async () => {
    const patientId = await registered(trial.coordinator, trial.siteId);
    const { status, body } = await trial.coordinator('POST', `/patients/${patientId}/consents`, { body: { studyId: trial.studyId, siteId: trial.siteId, consent: signedConsent() } });
    expect(status).toBe(201);
    return { patientId, consentId: body.consentId };
  };
  const signatureOf = async (patientId: string) => {
    const { body } = await trial.coordinator('GET', `/patients/${patientId}/consents`);
    return (body.items as unknown as Signed[])[0]!.signature;
  };

  it('shows printed name, time and meaning (21 CFR 11.50), and that the record is what was signed', async () => {
    const { patientId } = await consented();
    const signature = await signatureOf(patientId);
    expect(signature).toMatchObject({ role: 'coordinator', meaning: 'I attest that the signed paper is as recorded here', valid: true });
    expect(Date.now() - Date.parse(signature!.at)).toBeLessThan(60_000);
    expect(signature!.name).toBeTruthy();
  });

  it.each([
    ['the version', `update patient.consents set version = '9.9' where id = $1`],
    ['the document', `update patient.consents set document_sha256 = repeat('0', 64) where id = $1`],
    ['whether the person could read', `update patient.consents set can_read = not can_read where id = $1`],
    ['the enrollment', `update patient.consents set enrollment_id = gen_random_uuid() where id = $1`],
    ['a decision', `update patient.consent_purposes set granted = not granted where consent_id = $1 and purpose = 'futureResearch'`],
    ['a decision taken away', `delete from patient.consent_purposes where consent_id = $1 and purpose = 'futureResearch'`],
    ['when somebody signed', `update patient.consent_signers set signed_at = signed_at - interval '1 day' where consent_id = $1 and position = 0`],
    ['a signer taken away', `delete from patient.consent_signers where consent_id = $1 and position = 1`],
    ['who discussed it', `update patient.consent_signers set user_id = 'somebody-else' where consent_id = $1 and position = 1`],
    ['when the copy was given', `update patient.consents set copy_given_at = copy_given_at + interval '1 hour' where id = $1`],
    ['who attests', `update patient.consents set attested_by = attested_by || '{"name": "Another"}' where id = $1`],
    ['what the signature means', `update patient.consents set attested_by = attested_by || '{"meaning": "seen"}' where id = $1`],
    ['when it was attested', `update patient.consents set attested_at = attested_at - interval '1 hour' where id = $1`],
  ])('shows as invalid when the record was changed past the system: %s', async (_what, change) => {
    const { patientId, consentId } = await consented();
    await api.database.sql.unsafe(change, [consentId]);
    expect(await signatureOf(patientId)).toMatchObject({ valid: false });
  });

  it('can’t be copied under another record: what binds it opens at its own place only', async () => {
    const [one, two] = [await consented(), await consented()];
    await api.database.sql`update patient.consents set record_sha256 = (select record_sha256 from patient.consents where id = ${one.consentId}) where id = ${two.consentId}`;
    const { status, text } = await trial.coordinator('GET', `/patients/${two.patientId}/consents`);
    expect(status).toBe(500);
    expect(text).not.toMatch(/sealed|stack/);
  });
});
