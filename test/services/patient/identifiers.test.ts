import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifierHash, identifierValue } from '../../../services/patient/identifier.ts';
import { maskBirthDate, maskEmail, maskIdentifier, maskMobile, maskName, maskResidentId } from '../../../services/patient/masking.ts';
import { mobileNumber } from '../../../services/patient/mobile.ts';
import { checkCharacter, isFutureDay, residentId, sexOf } from '../../../services/patient/resident-id.ts';
import { personChanges, registerPersonBody } from '../../../services/patient/schemas.ts';

const withCheck = (digits: string) => digits + checkCharacter(digits);

describe('a resident ID number (GB 11643-1999)', () => {
  test.each([
    ['11010519491231002X', '11010519491231002X'],
    ['440524188001010014', '440524188001010014'],
    ['11010519491231002x', '11010519491231002X'],
    [' \u3000１１０１０５１９４９１２３１００２ｘ\t', '11010519491231002X'],
    [withCheck('81000019900101001'), withCheck('81000019900101001')],
    [withCheck('91112419920229001'), withCheck('91112419920229001')],
  ])('accepts %s', (typed, value) => {
    expect(residentId(typed)).toEqual({ ok: true, value });
  });

  test.each([
    ['110105491231002', 'id_card_fifteen_digits'],
    ['１１０１０５４９１２３１００２', 'id_card_fifteen_digits'],
    ['', 'id_card_form'],
    ['1101051949123100XX', 'id_card_form'],
    ['110105 19491231002X', 'id_card_form'],
    ['11010519491231002XX', 'id_card_form'],
    [withCheck('16010519491231002'), 'id_card_region'],
    [withCheck('84010519491231002'), 'id_card_region'],
    [withCheck('91600019900101001'), 'id_card_region'],
    [withCheck('11010519900229001'), 'id_card_birth_date'],
    [withCheck('11010519901301001'), 'id_card_birth_date'],
    [withCheck('11010500000000001'), 'id_card_birth_date'],
    ['110105194912310021', 'id_card_check_character'],
  ])('refuses %s as %s', (typed, code) => {
    expect(residentId(typed)).toEqual({ ok: false, code });
  });

  test('any single wrong digit, and any two neighbours swapped, are noticed by the check character', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 17, maxLength: 17 });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 16 }), fc.integer({ min: 1, max: 9 }), (all, at, shift) => {
        const wrong = all.map((digit, i) => (i === at ? (digit + shift) % 10 : digit));
        expect(checkCharacter(wrong.join(''))).not.toBe(checkCharacter(all.join('')));
        const [a = 0, b = 0] = all.slice(at, at + 2);
        if (at === 16 || a === b) return;
        const swapped = all.with(at, b).with(at + 1, a);
        expect(checkCharacter(swapped.join(''))).not.toBe(checkCharacter(all.join('')));
      }),
    );
  });

  test('says the sex by an odd or even sequence', () => {
    expect([sexOf('440524188001010014'), sexOf('11010519491231002X')]).toEqual(['male', 'female']);
  });

  test('a child born today in the east is not from the future', () => {
    const now = new Date('2026-11-22T11:00:00Z');
    expect([isFutureDay('2026-11-23', now), isFutureDay('2026-11-24', now)]).toEqual([false, true]);
  });
});

test.each([
  ['13812341234', '13812341234'],
  ['+8613812341234', '13812341234'],
  ['+86 13812341234', '13812341234'],
  [' １３８１２３４１２３４ ', '13812341234'],
])('the mobile number %s is taken as %s', (typed, value) => {
  expect(mobileNumber(typed)).toEqual({ ok: true, value });
});

test.each(['12812341234', '1381234123', '138123412345', '+4413812341234', '008613812341234', ''])('the mobile number %s is refused', (typed) => {
  expect(mobileNumber(typed)).toEqual({ ok: false, code: 'mobile_form' });
});

test('a passport is folded in width and case; a resident ID given as an identifier obeys its own rules', () => {
  expect(identifierValue({ type: 'passport', country: 'DE', value: ' ｃ０１x00t47 ' })).toEqual({ ok: true, value: 'C01X00T47' });
  expect(identifierValue({ type: 'passport', country: 'DE', value: '<script>' }).ok).toBe(false);
  expect(identifierValue({ type: 'resident-id', country: 'CN', value: '110105194912310021' }).ok).toBe(false);
});

test('equal values of two kinds, or under two keys, have different hashes', () => {
  const [keyA, keyB] = [createSecretKey(Buffer.from('a')), createSecretKey(Buffer.from('b'))];
  const hashes = [
    identifierHash(keyA, { type: 'passport', country: 'DE', value: 'C01' }),
    identifierHash(keyA, { type: 'passport', country: 'FR', value: 'C01' }),
    identifierHash(keyA, { type: 'visa', country: 'DE', value: 'C01' }),
    identifierHash(keyB, { type: 'passport', country: 'DE', value: 'C01' }),
  ];
  expect(new Set(hashes).size).toBe(4);
});

test('the masked view hides the birth date, the middle of numbers and most of names', () => {
  expect(maskResidentId('11010519491231002X')).toBe('110***********002X');
  expect(maskMobile('13812341234')).toBe('138****1234');
  expect([maskIdentifier('C01X00T47'), maskIdentifier('A12')]).toEqual(['****T47', '****']);
  expect([maskName('张三丰'), maskName('Maria  Silva'), maskName('𠮷野')]).toEqual(['张**', 'M** S**', '𠮷**']);
  expect([maskEmail('maria@example.org'), maskBirthDate('1949-12-31')]).toEqual(['m***@example.org', '1949']);
});

describe('the body of a registration', () => {
  const siteId = '0198c0de-0000-7000-8000-000000000001';
  const codes = (body: object) => registerPersonBody.safeParse({ name: '李四', siteId, ...body }).error?.issues.map((one) => `${one.path.join('/')}: ${one.message}`);

  test.each([
    [{}, 'idCard: id_card_or_identifier_required'],
    [{ idCard: '11010519491231002X', dateOfBirth: '1949-12-30' }, 'dateOfBirth: disagrees_with_id_card'],
    [{ idCard: '11010519491231002X', sex: 'male' }, 'sex: disagrees_with_id_card'],
    [
      { idCard: '11010519491231002X', identifiers: [{ type: 'resident-id', country: 'CN', value: '440524188001010014' }] },
      'identifiers: id_card_given_twice',
    ],
    [{ idCard: '110105194912310021' }, 'idCard: id_card_check_character'],
  ])('%j is refused as %s', (body, issue) => {
    expect(codes(body)).toContain(issue);
  });

  test('no issue repeats the value', () => {
    expect(JSON.stringify(codes({ idCard: '110105194912310021', mobile: '99912345678' }))).not.toMatch(/110105|99912/);
  });

  test('an amendment must change something', () => {
    expect(personChanges.safeParse({}).success).toBe(false);
  });
});
