import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SignedConsent } from '../../../services/patient/index.ts';
import { signedConsent as bodySchema } from '../../../services/patient/schemas.ts';
import { because, ctx, newKey, signedConsent, startPatient } from './support.ts';
import { auditOf } from '../../support/audit.ts';

let patient: Awaited<ReturnType<typeof startPatient>>;
let patientId: string;
const studyId = uuidv7();
beforeAll(async () => {
  patient = await startPatient();
  ({ patientId } = await patient.register());
});
afterAll(() => patient.drop());

const input = (consent: SignedConsent = signedConsent()) => ({
  patientId,
  studyId,
  siteId: patient.siteId,
  enrollmentId: uuidv7() as string | null,
  requestKey: newKey(),
  capacity: 'full' as const,
  canRead: true,
  consent,
});
const signedBy = (...userIds: (string | undefined)[]) =>
  signedConsent({
    signers: [
      { role: 'representative', relationship: 'mother', name: 'M', signedAt: '2026-11-22T09:00:00.000Z', mark: 'signature' },
      { role: 'participant', name: 'P', signedAt: '2026-11-22T08:00:00.000Z', mark: 'thumbprint' },
      ...userIds.map((userId) => ({ role: 'discusser' as const, userId, name: 'D', signedAt: '2026-11-22T08:05:00.000Z', mark: 'signature' as const })),
    ],
  });

describe('a signed consent', () => {
  test('is recorded with its signers and one row per purpose, and judged at the first signature', async () => {
    const given = input(signedBy('inv-7'));
    const recorded = await patient.service.recordConsent({ ctx, key: newKey(), input: given });
    expect(recorded).toMatchObject({ validity: 'valid', signedAt: '2026-11-22T08:00:00.000Z', enrollmentId: given.enrollmentId });
    expect(patient.asked.at(-1)).toMatchObject({ signedAt: '2026-11-22T08:00:00.000Z', discusserUserId: 'inv-7', version: '3.1' });
    const shown = await patient.service.getConsent({ ctx, input: recorded });
    expect(shown).toMatchObject({
      status: 'active',
      signers: [{ role: 'representative', relationship: 'mother', name: 'M**' }, { mark: 'thumbprint' }, { name: 'D', userId: 'inv-7' }],
      purposes: [{ purpose: 'futureResearch', granted: false }, { purpose: 'participation', granted: true }],
    });
    const found = await patient.service.consentOfEnrollment({ ctx, input: { enrollmentId: given.enrollmentId ?? '' } });
    expect(found).toMatchObject({ consentId: recorded.consentId, patientId, studyId, siteId: patient.siteId, validity: 'valid' });
  });

  test.each([
    ['version_not_approved', signedConsent({ version: '2.0' })],
    ['not_delegated', signedBy('nobody')],
    ['not_delegated', signedBy(undefined)],
    ['valid', signedBy('nobody', 'inv-7')],
  ])('is recorded even when it is %s', async (validity, consent) => {
    const recorded = await patient.service.recordConsent({ ctx, key: newKey(), input: input(consent) });
    expect(recorded.validity).toBe(validity);
    expect(await patient.service.getConsent({ ctx, input: recorded })).toMatchObject({ validity, status: 'active' });
  });

  test('is recorded once per request: a second enrollment of it is told of the first, and nothing is written', async () => {
    const given = input();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        patient.service.recordConsent({ ctx, key: newKey(), input: { ...given, enrollmentId: at === 0 ? given.enrollmentId : uuidv7() } }),
      ),
    );
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    const rows = await patient.sql`select enrollment_id from patient.consents where request_key = ${given.requestKey}`;
    expect(rows.map((row) => row['enrollment_id'])).toEqual([answers[0]?.enrollmentId]);
  });

  test('repeated under its key is one row; a late attempt after other content is refused', async () => {
    const call = { ctx, key: newKey(), input: input() };
    const first = await patient.service.recordConsent(call);
    expect(await patient.service.recordConsent(call)).toEqual(first);
    await expect(patient.service.recordConsent({ ...call, input: input() })).rejects.toMatchObject({ code: 'key_reused' });
  });

  test.each([
    ['a signature', { signers: signedConsent().signers.map((one) => ({ ...one, signedAt: '2026-11-22T12:00:00.001Z' })) }],
    ['the copy', { copyGiven: { at: '2026-11-23T00:00:00.000Z', how: 'paper' as const } }],
  ])('with %s dated in the future is refused', async (_, change) => {
    const call = { ctx, key: newKey(), input: input(signedConsent(change)) };
    await expect(patient.service.recordConsent(call)).rejects.toMatchObject({ code: 'consent_in_future', errorClass: 'invalid' });
  });

  test('of somebody unknown is refused', async () => {
    const call = { ctx, key: newKey(), input: { ...input(), patientId: uuidv7() } };
    await expect(patient.service.recordConsent(call)).rejects.toMatchObject({ code: 'patient_not_found' });
  });
});

test.each([
  ['participant_or_representative_required', { signers: signedConsent().signers.map((one) => ({ ...one, role: 'discusser' })) }],
  ['discusser_required', { signers: signedConsent().signers.map((one) => ({ ...one, role: 'participant' })) }],
  ['participation_must_be_true', { decisions: { participation: false } }],
  ['participation_must_be_true', { decisions: { futureResearch: true } }],
  ['at most 20 purposes', { decisions: Object.fromEntries(['participation', ...Array.from({ length: 20 }, (_, i) => `p${i}`)].map((one) => [one, true])) }],
])('a body is refused as %s', (message, change) => {
  const outcome = bodySchema.safeParse({ ...signedConsent(), ...change });
  expect(outcome.error?.issues.map((one) => one.message)).toContain(message);
});

describe('entered in error', () => {
  test('keeps the record, its reason and who said so; needs a reason; only once; only of that person', async () => {
    const { consentId } = await patient.service.recordConsent({ ctx, key: newKey(), input: input() });
    const mark = (who: string, context = because('scanned twice')) =>
      patient.service.markConsentEnteredInError({ ctx: context, key: newKey(), input: { patientId: who, consentId } });
    await expect(mark(patientId, ctx)).rejects.toMatchObject({ code: 'reason_required' });
    await expect(mark(uuidv7())).rejects.toMatchObject({ code: 'consent_not_found' });
    expect(await mark(patientId)).toEqual({ consentId });
    await expect(mark(patientId)).rejects.toMatchObject({ code: 'consent_already_entered_in_error' });
    const shown = await patient.service.getConsent({ ctx, input: { consentId } });
    expect(shown).toMatchObject({ status: 'entered-in-error', enteredInError: { reason: 'scanned twice' }, signers: { length: 2 } });
    const [audit] = await auditOf(patient.sql, 'patient', patient.sql`entity_id = ${consentId} and action = 'U'`);
    expect(audit).toMatchObject({ reason: 'scanned twice', before: { status: 'active' }, after: { status: 'entered-in-error' } });
  });

  test('stays in the list, newest first', async () => {
    const { items } = await patient.service.listConsents({ ctx, input: { patientId, limit: 200 } });
    expect(items.map((one) => one.status)).toContain('entered-in-error');
    expect(items.map((one) => one.id)).toEqual(items.map((one) => one.id).toSorted().toReversed());
  });
});

describe('a consent in force', () => {
  const recorded = async (more: Partial<ReturnType<typeof input>> = {}) => {
    const given = { ...input(), ...more };
    const { consentId } = await patient.service.recordConsent({ ctx, key: newKey(), input: given });
    return { consentId, enrollmentId: given.enrollmentId ?? '' };
  };
  const holds = async (enrollmentId: string, more: { studyId?: string; siteId?: string; patientId?: string } = {}) =>
    (await patient.service.consentInForce({ ctx, input: { enrollmentId, studyId, siteId: patient.siteId, ...more } })).inForce;
  const mistake = (consentId: string, who: string) =>
    patient.service.markConsentEnteredInError({ ctx: because('of somebody else'), key: newKey(), input: { patientId: who, consentId } });
  const somebody = async () => (await patient.register()).patientId;

  test('is of this study, site and person; an enrollment that nobody consented to has none', async () => {
    const { enrollmentId } = await recorded();
    expect(await holds(enrollmentId)).toBe(true);
    expect(await holds(enrollmentId, { patientId })).toBe(true);
    expect(await holds(enrollmentId, { patientId: await somebody() })).toBe(false);
    expect(await holds(enrollmentId, { studyId: uuidv7() })).toBe(false);
    expect(await holds(enrollmentId, { siteId: uuidv7() })).toBe(false);
    expect(await holds(uuidv7())).toBe(false);
  });

  test.each([
    ['of a version that was not approved', signedConsent({ version: '2.0' })],
    ['discussed by somebody who was not delegated', signedBy('nobody')],
  ])('is none that is %s', async (_, consent) => {
    const { enrollmentId } = await recorded({ patientId: await somebody(), consent });
    expect(await holds(enrollmentId)).toBe(false);
  });

  test('ends when it is entered in error, and is there again with another one of the same study and site', async () => {
    const who = await somebody();
    const { consentId, enrollmentId } = await recorded({ patientId: who });
    await mistake(consentId, who);
    expect(await holds(enrollmentId)).toBe(false);
    await recorded({ patientId: who, enrollmentId: null, studyId: uuidv7() });
    await recorded({ patientId: who, enrollmentId: null, siteId: uuidv7() });
    expect(await holds(enrollmentId)).toBe(false);
    await recorded({ patientId: who, enrollmentId: null });
    expect(await holds(enrollmentId, { patientId: who })).toBe(true);
  });
});
