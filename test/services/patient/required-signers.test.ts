import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ageAt, missingSigners } from '../../../services/patient/required-signers.ts';
import type { SignerRole } from '../../../services/patient/index.ts';
import { ctx, newKey, startPatient } from './support.ts';

type Case = { rule?: string; age: number | null; limited?: boolean; illiterate?: boolean };
const requiredOf = ({ rule = 'CN', age, limited = false, illiterate = false }: Case, roles: SignerRole[] = []) =>
  missingSigners({ rule, ageYears: age, capacity: limited ? 'limited' : 'full', canRead: !illiterate, roles });

describe('who must sign', () => {
  test.each<[string, Case, SignerRole[]]>([
    ['an adult', { age: 18 }, ['participant', 'discusser']],
    ['somebody of unknown age, as an adult', { age: null }, ['participant', 'discusser']],
    ['an adult of limited capacity', { age: 40, limited: true }, ['representative', 'discusser']],
    ['somebody of unknown age and limited capacity', { age: null, limited: true }, ['representative', 'discusser']],
    ['an adult who cannot read', { age: 70, illiterate: true }, ['participant', 'witness', 'discusser']],
    ['an adult of limited capacity who cannot read', { age: 70, limited: true, illiterate: true }, ['representative', 'witness', 'discusser']],
    ['a child on the last day before majority', { age: 17 }, ['representative', 'minor', 'discusser']],
    ['a child from the age of assent in China', { age: 8 }, ['representative', 'minor', 'discusser']],
    ['a child, however its capacity was recorded', { age: 12, limited: true }, ['representative', 'minor', 'discusser']],
    ['a child below the age of assent in China', { age: 7 }, ['representative', 'discusser']],
    ['a newborn', { age: 0 }, ['representative', 'discusser']],
    ['a child who cannot read', { age: 9, illiterate: true }, ['representative', 'minor', 'witness', 'discusser']],
    ['a child from the age of assent elsewhere', { rule: 'DE', age: 7 }, ['representative', 'minor', 'discusser']],
    ['a child below the age of assent elsewhere', { rule: 'DE', age: 6 }, ['representative', 'discusser']],
    ['a child shortly before majority elsewhere', { rule: 'DE', age: 17 }, ['representative', 'minor', 'discusser']],
    ['an adult elsewhere', { rule: 'DE', age: 18 }, ['participant', 'discusser']],
  ])('%s', (_, one, required) => {
    expect(requiredOf(one)).toEqual(required);
  });

  test('what is signed is not missing, in whatever order and however often; signatures beyond are welcome', () => {
    expect(requiredOf({ age: 9 }, ['discusser', 'minor', 'representative', 'representative', 'witness'])).toEqual([]);
    expect(requiredOf({ age: 40, limited: true }, ['participant', 'representative', 'discusser'])).toEqual([]);
  });

  test('nobody stands in for another: not a representative for an adult, not a child for its representative', () => {
    expect(requiredOf({ age: 30 }, ['representative', 'discusser'])).toEqual(['participant']);
    expect(requiredOf({ age: 12 }, ['participant', 'minor', 'discusser'])).toEqual(['representative']);
    expect(requiredOf({ age: 12 }, ['participant', 'representative', 'discusser'])).toEqual(['minor']);
    expect(requiredOf({ age: 40, limited: true }, ['participant', 'discusser'])).toEqual(['representative']);
  });
});

describe('the age at an instant', () => {
  test.each([
    ['CN', '2008-11-22', '2026-11-21T15:59:59.999Z', 17],
    ['CN', '2008-11-22', '2026-11-21T16:00:00.000Z', 18],
    ['DE', '2008-11-22', '2026-11-21T23:59:59.999Z', 17],
    ['DE', '2008-11-22', '2026-11-22T00:00:00.000Z', 18],
    ['CN', '2008-02-29', '2026-02-28T08:00:00.000Z', 17],
    ['CN', '2008-02-29', '2026-03-01T08:00:00.000Z', 18],
    ['CN', '2026-11-22', '2026-11-22T08:00:00.000Z', 0],
  ])('under the rule of %s somebody born on %s is at %s %i years old', (rule, birthDate, at, years) => {
    expect(ageAt({ rule, birthDate, at: new Date(at) })).toBe(years);
  });
});

// Real: PostgreSQL, the Patient service.
describe('asked about a person', () => {
  let patient: Awaited<ReturnType<typeof startPatient>>;
  beforeAll(async () => {
    patient = await startPatient();
  });
  afterAll(() => patient.drop());

  const born = async (dateOfBirth?: string) => {
    const identifiers = [{ type: 'passport', country: 'DE', value: `C${newKey().slice(0, 8).toUpperCase()}` }];
    const { patientId } = await patient.service.registerPerson({ ctx, key: newKey(), input: { name: 'X', identifiers, dateOfBirth, siteId: patient.siteId } });
    return patientId;
  };
  const ask = (patientId: string, signers: [SignerRole, string][], more: { consentRule?: string } = {}) =>
    patient.service.missingSigners({
      ctx,
      input: { patientId, consentRule: 'CN', capacity: 'full', canRead: true, signers: signers.map(([role, signedAt]) => ({ role, signedAt })), ...more },
    });

  test('the age is that of the earliest signature, whoever gave it: who signed before the birthday signed as a child', async () => {
    const patientId = await born('2008-11-22');
    const after: [SignerRole, string][] = [['participant', '2026-11-22T08:00:00.000Z'], ['discusser', '2026-11-22T08:05:00.000Z']];
    expect(await ask(patientId, after)).toEqual({ missing: [] });
    const across: typeof after = [['participant', '2026-11-22T08:00:00.000Z'], ['discusser', '2026-11-21T08:05:00.000Z']];
    expect(await ask(patientId, across)).toEqual({ missing: ['representative', 'minor'] });
  });

  test('an offset in the time of a signature is understood', async () => {
    const patientId = await born('2008-11-22');
    expect(await ask(patientId, [['participant', '2026-11-22T00:30:00+08:00'], ['discusser', '2026-11-22T00:31:00+08:00']])).toEqual({ missing: [] });
  });

  test('the rule of the country counts', async () => {
    const patientId = await born('2019-01-01');
    const signed: [SignerRole, string][] = [['representative', '2026-11-22T08:00:00.000Z'], ['discusser', '2026-11-22T08:00:00.000Z']];
    expect(await ask(patientId, signed)).toEqual({ missing: [] });
    expect(await ask(patientId, signed, { consentRule: 'DE' })).toEqual({ missing: ['minor'] });
  });

  test('somebody of unknown birth date signs as an adult; where nobody has signed everything is missing', async () => {
    const patientId = await born();
    expect(await ask(patientId, [['participant', '2026-11-22T08:00:00.000Z'], ['discusser', '2026-11-22T08:00:00.000Z']])).toEqual({ missing: [] });
    expect(await ask(await born('2015-01-01'), [])).toEqual({ missing: ['representative', 'minor', 'discusser'] });
  });

  test('somebody unknown is not found', async () => {
    await expect(ask(uuidv7(), [])).rejects.toMatchObject({ code: 'patient_not_found' });
  });
});
