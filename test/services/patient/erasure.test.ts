import { afterAll, beforeAll, expect, it } from 'vitest';
import { because, ctx, newIdCard, newKey, signedConsent, startPatient } from './support.ts';

let patient: Awaited<ReturnType<typeof startPatient>>;
beforeAll(async () => {
  patient = await startPatient();
});
afterAll(() => patient.drop());

const erase = (patientId: string, key = newKey()) => patient.service.erasePerson({ ctx: because('retention has ended'), key, input: { patientId } });
const enrollment = (more: { outcome: 'withdrawn' | 'active' | null; updatedAt: string }) => ({ enrollmentId: 'e1', ...more }) as (typeof patient.enrollments)[number];

it('makes what identifies a person unreadable, also in the history, the consents and the trail, and keeps the rest', async () => {
  patient.enrollments.length = 0;
  const idCard = newIdCard();
  const { patientId } = await patient.register({ idCard, name: '欧阳丽', mobile: '13911112222', email: 'erased@example.org' });
  await patient.service.addHistory({ ctx, key: newKey(), input: { patientId, entry: { category: 'condition', description: 'asthma of 欧阳丽' } } });
  const body = { studyId: crypto.randomUUID(), siteId: patient.siteId, capacity: 'full', canRead: true, consent: signedConsent() } as const;
  const { consentId } = await patient.service.recordConsent({ ctx, key: newKey(), input: { patientId, enrollmentId: null, requestKey: newKey(), ...body } });
  const key = newKey();
  const erased = await erase(patientId, key);
  expect(await erase(patientId, key)).toEqual(erased);
  expect(await erase(patientId)).toEqual(erased);

  const info = await patient.service.getPerson({ ctx, input: { patientId, reveal: true } });
  expect(info).toMatchObject({ id: patientId, name: '', idCard: null, identifiers: [], mobile: null, email: null, dateOfBirth: null, erasedAt: erased.erasedAt, siteIds: [patient.siteId] });
  expect((await patient.service.listHistory({ ctx, input: { patientId, limit: 10 } })).items).toMatchObject([{ description: '' }]);
  const consent = await patient.service.getConsent({ ctx, input: { consentId } });
  expect(consent).toMatchObject({ consentId, validity: 'valid', version: '3.1', documentSha256: 'ab'.repeat(32) });
  expect(consent.signers.map(({ role, name, userId }) => ({ role, name, userId }))).toEqual([
    { role: 'participant', name: '', userId: null },
    { role: 'discusser', name: '', userId: 'inv-7' },
  ]);
  for (const by of [{ idCard }, { mobile: '13911112222' }]) expect((await patient.service.searchPersons({ ctx, input: by })).items).toEqual([]);
  expect(await patient.service.contactOf({ ctx, input: { patientId } })).toEqual({ email: null });
  const changed = patient.service.amendPerson({ ctx: because('typo'), key: newKey(), input: { patientId, expectedVersion: info.version, changes: { name: 'Anybody' } } });
  await expect(changed).rejects.toMatchObject({ code: 'identifiers_erased' });
  await expect(patient.service.addHistory({ ctx, key: newKey(), input: { patientId, entry: { category: 'other', description: 'x' } } })).rejects.toMatchObject({ code: 'identifiers_erased' });
});

it('is refused while an enrollment is open or active, and until the retention period has ended', async () => {
  const { patientId } = await patient.register();
  for (const outcome of [null, 'active'] as const) {
    patient.enrollments.splice(0, 1, enrollment({ outcome, updatedAt: '1990-01-01T00:00:00.000Z' }));
    await expect(erase(patientId)).rejects.toMatchObject({ code: 'enrollment_not_ended' });
  }
  patient.enrollments.splice(0, 1, enrollment({ outcome: 'withdrawn', updatedAt: '2001-11-22T12:00:01.000Z' }));
  await expect(erase(patientId)).rejects.toMatchObject({ code: 'retention_not_ended', details: { until: '2026-11-22T12:00:01.000Z' } });
  expect(await patient.service.getPerson({ ctx, input: { patientId, reveal: true } })).toMatchObject({ name: '张三', erasedAt: null });
  patient.enrollments.splice(0, 1, enrollment({ outcome: 'withdrawn', updatedAt: '2001-11-22T12:00:00.000Z' }));
  expect((await erase(patientId)).patientId).toBe(patientId);
  patient.enrollments.length = 0;
});

it('needs a reason, and a person', async () => {
  const { patientId } = await patient.register();
  await expect(patient.service.erasePerson({ ctx, key: newKey(), input: { patientId } })).rejects.toMatchObject({ code: 'reason_required' });
  await expect(erase(crypto.randomUUID())).rejects.toMatchObject({ code: 'patient_not_found' });
});
