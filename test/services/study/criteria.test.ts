import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Criterion, protocolBody } from '../../../services/study/index.ts';
import { evaluateCriteria, type ScreeningValue } from '../../../services/study/eligibility/evaluate-criteria.ts';

type Value = ScreeningValue['value'];
type Operator = Criterion['operator'];

const CONSENT = '2026-11-22T08:00:00.000Z';
const criterion = (given: object): Criterion =>
  protocolBody.parse({
    version: '1',
    effectiveAt: CONSENT,
    criteria: [{ code: 'I01', kind: 'inclusion', text: 'A criterion', item: 'ITEM', operator: '>=', value: 18, ...given }],
  }).criteria[0]!;
const result = (value: Value, given: Partial<ScreeningValue> = {}): ScreeningValue => ({ item: 'ITEM', value, unit: null, performedAt: CONSENT, ...given });
const judge = (one: Criterion, results: ScreeningValue[], consentSignedAt = CONSENT) =>
  evaluateCriteria([one], { results, consentSignedAt }).criteria[0]!.result;
const dated = (operator: Operator, offset: string) => criterion({ operator, value: { relativeTo: 'consent', offset } });

describe('a criterion', () => {
  it.each<[Operator, unknown, Value[], Value[]]>([
    ['<', 18, [17, 17.999, -1], [18, 18.001, 19]],
    ['<=', 18, [17, 18], [18.001, 19]],
    ['>', 18, [18.001, 19], [17, 18]],
    ['>=', 18, [18, 19], [17, 17.999]],
    ['=', 18, [18], [17]],
    ['!=', 18, [17], [18]],
    ['=', 'negative', ['negative'], ['positive', 'Negative']],
    ['!=', true, [false], [true]],
    ['in', ['A', 'B', 1], ['A', 'B', 1], ['C', 2]],
    ['not in', ['A', 'B', 1], ['C', 2], ['A', 'B', 1]],
  ])('of %s %j holds for some values, and not for others: an inclusion is met where it holds, an exclusion fails', (operator, value, holding, others) => {
    for (const [values, inclusion, exclusion] of [[holding, 'met', 'failed'], [others, 'failed', 'met']] as const) {
      for (const one of values) {
        expect([one, judge(criterion({ operator, value }), [result(one)])]).toEqual([one, inclusion]);
        expect([one, judge(criterion({ operator, value, kind: 'exclusion' }), [result(one)])]).toEqual([one, exclusion]);
      }
    }
  });

  it.each<[string, object, ScreeningValue[]]>([
    ['no value', {}, []],
    ['a value of another item', {}, [result(20, { item: 'OTHER' })]],
    ['a text for a number', {}, [result('20')]],
    ['a truth for a number', { operator: '=', value: 1 }, [result(true)]],
    ['a number for a text', { operator: '!=', value: 'x' }, [result(1)]],
    ['a type that the list has none of', { operator: 'not in', value: ['A', 1] }, [result(true)]],
    ['another unit', { unit: 'g/L' }, [result(20, { unit: 'g/dL' })]],
    ['no unit where one is named', { unit: 'g/L' }, [result(20)]],
    ['a number for a date', { value: { relativeTo: 'consent', offset: 'P0D' } }, [result(20261122)]],
    ['a time for a date', { value: { relativeTo: 'consent', offset: 'P0D' } }, [result('2026-11-22T00:00:00Z')]],
    ['a date that does not exist', { value: { relativeTo: 'consent', offset: 'P0D' } }, [result('2026-02-29')]],
  ])('waits with %s, or counts as the protocol says', (_what, given, results) => {
    const without = { value: null, unit: null, performedAt: null };
    const told = (ifMissing: string) => evaluateCriteria([criterion({ ...given, ifMissing })], { results, consentSignedAt: CONSENT });
    expect(told('wait')).toMatchObject({ verdict: 'incomplete', criteria: [{ result: 'missing', ...without }] });
    expect(told('met')).toMatchObject({ verdict: 'met', criteria: [{ result: 'met', ...without }] });
    expect(told('failed')).toMatchObject({ verdict: 'failed', criteria: [{ result: 'failed', ...without }] });
  });

  it('is explained with the value that it was judged by', () => {
    const one = criterion({ unit: 'a', code: 'E03', kind: 'exclusion', text: 'Under age', operator: '<' });
    const { criteria } = evaluateCriteria([one], { results: [result(17, { unit: 'a' })], consentSignedAt: CONSENT });
    const { code, kind, text, item } = one;
    expect(criteria).toEqual([{ code, kind, text, item, result: 'failed', value: 17, unit: 'a', performedAt: CONSENT }]);
  });

  it('that names no unit takes any', () => expect(judge(criterion({}), [result(20, { unit: 'a' })])).toBe('met'));

  it('waits also when it was stored before criteria could say otherwise', () => {
    const { ifMissing: _absent, ...stored } = criterion({});
    expect(judge(stored as Criterion, [])).toBe('missing');
  });
});

describe('a criterion on a date', () => {
  it('compares with the day of the consent and so many days more', () => {
    expect(judge(dated('>=', '-P28D'), [result('2026-10-25')])).toBe('met');
    expect(judge(dated('>=', '-P28D'), [result('2026-10-24')])).toBe('failed');
    expect(judge(dated('<', 'P0D'), [result('2026-11-21')])).toBe('met');
    expect(judge(dated('<', 'P0D'), [result('2026-11-22')])).toBe('failed');
    expect(judge(dated('<=', 'P10D'), [result('2026-12-02')])).toBe('met');
    expect(judge(dated('<=', 'P10D'), [result('2026-12-03')])).toBe('failed');
  });

  it('takes the day that the consent was signed on in UTC', () => {
    expect(judge(dated('<=', 'P0D'), [result('2026-11-22')], '2026-11-22T23:59:59.999Z')).toBe('met');
    expect(judge(dated('<=', 'P0D'), [result('2026-11-22')], '2026-11-22T00:00:00.000Z')).toBe('met');
    expect(judge(dated('<=', 'P0D'), [result('2026-11-22')], '2026-11-22T07:59:00.000+08:00')).toBe('failed');
  });

  it('counts every day there is, leap days and years included', () => {
    const days = fc.integer({ min: -3650, max: 3650 });
    const signed = fc.date({ min: new Date('2020-01-01T00:00:00Z'), max: new Date('2040-01-01T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(signed, days, days, (signedAt, offset, distance) => {
        const other = new Date(signedAt);
        other.setUTCDate(other.getUTCDate() + distance);
        const one = dated('<', `${offset < 0 ? '-' : ''}P${Math.abs(offset)}D`);
        expect(judge(one, [result(other.toISOString().slice(0, 10))], signedAt.toISOString())).toBe(distance < offset ? 'met' : 'failed');
      }),
    );
  });
});

const ITEMS = ['A', 'B', 'C', 'D', 'E'];
const NEGATED: Record<Operator, Operator> = { '<': '>=', '>=': '<', '>': '<=', '<=': '>', '=': '!=', '!=': '=', in: 'not in', 'not in': 'in' };
const scalar = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.boolean(), fc.constantFrom('x', '2026-11-22', '2026-10-01'));
const comparison = fc.oneof(
  fc.record({ operator: fc.constantFrom('<', '<=', '>', '>='), value: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ operator: fc.constantFrom('<', '<=', '>', '>='), value: fc.record({ relativeTo: fc.constant('consent'), offset: fc.constantFrom('P0D', '-P28D') }) }),
  fc.record({ operator: fc.constantFrom('=', '!='), value: scalar }),
  fc.record({ operator: fc.constantFrom('in', 'not in'), value: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 }) }),
);
const anyCriterion = fc
  .tuple(comparison, fc.constantFrom('inclusion', 'exclusion'), fc.constantFrom(...ITEMS), fc.constantFrom('wait', 'met', 'failed'))
  .map(([compared, kind, item, ifMissing]) => criterion({ ...compared, kind, item, ifMissing }));
const anyResults = fc.array(fc.record({ item: fc.constantFrom(...ITEMS), value: scalar }), { maxLength: 8 }).map((all) => all.map(({ item, value }) => result(value, { item })));

describe('for any criteria and any results', () => {
  const evaluate = (criteria: Criterion[], results: ScreeningValue[]) => evaluateCriteria(criteria, { results, consentSignedAt: CONSENT });

  it('an inclusion and the exclusion of its opposite agree', () => {
    fc.assert(
      fc.property(anyCriterion, anyResults, (one, results) => {
        const opposite = { ...one, kind: one.kind === 'inclusion' ? 'exclusion' : 'inclusion', operator: NEGATED[one.operator] } as Criterion;
        expect(evaluate([opposite], results).verdict).toBe(evaluate([one], results).verdict);
      }),
    );
  });

  it('the verdict waits as long as one criterion does, fails when one fails, and is met when all are', () => {
    fc.assert(
      fc.property(fc.array(anyCriterion, { maxLength: 6 }), anyResults, (all, results) => {
        const alone = all.map((one) => evaluate([one], results).verdict);
        const expected = alone.includes('incomplete') ? 'incomplete' : alone.includes('failed') ? 'failed' : 'met';
        expect(evaluate(all, results).verdict).toBe(expected);
        expect(evaluate(all.toReversed(), results).verdict).toBe(expected);
      }),
    );
  });

  it('nothing is awaited but what waits: with every value there, or none that waits, there is a verdict', () => {
    const numbers = fc.array(fc.tuple(fc.constantFrom(...ITEMS), fc.constantFrom('wait', 'met', 'failed')), { maxLength: 6 });
    fc.assert(
      fc.property(numbers, fc.uniqueArray(fc.constantFrom(...ITEMS)), (all, known) => {
        const criteria = all.map(([item, ifMissing]) => criterion({ item, ifMissing }));
        const awaited = all.some(([item, ifMissing]) => ifMissing === 'wait' && !known.includes(item));
        expect(evaluate(criteria, known.map((item) => result(20, { item }))).verdict === 'incomplete').toBe(awaited);
      }),
    );
  });

  it('of several values of an item the first one counts', () => {
    fc.assert(
      fc.property(fc.array(anyCriterion, { maxLength: 6 }), anyResults, (all, results) => {
        const first = results.filter(({ item }, index) => results.findIndex((other) => other.item === item) === index);
        expect(evaluate(all, results)).toEqual(evaluate(all, first));
      }),
    );
  });
});
