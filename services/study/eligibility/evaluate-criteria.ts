import { z } from 'zod';
import { type Criterion, offsetDays } from './criterion-schema.ts';
import type { Explained, Verdict } from '../types.ts';

const DAY_MS = 86_400_000;

type Value = number | boolean | string;
/** A screening result; of several for one item the first counts, so the newest must come first. */
export type ScreeningValue = { item: string; value: Value; unit: string | null; performedAt: string };
export type Evidence = { results: readonly ScreeningValue[]; consentSignedAt: string };

/**
 * What the criteria come to (domain, step 4): an inclusion is met where its comparison holds, an exclusion failed. A
 * value of another type or unit than the criterion names is none; without one the criterion waits, or counts as its
 * `ifMissing` says. One that waits makes the verdict `incomplete`, whatever has failed already. Pure.
 */
export function evaluateCriteria(criteria: readonly Criterion[], { results, consentSignedAt }: Evidence): { verdict: Verdict; criteria: Explained[] } {
  const values = new Map(results.toReversed().map((result) => [result.item, result]));
  const explained = criteria.map((criterion) => explain(criterion, values.get(criterion.item), consentSignedAt));
  return { verdict: verdictOf(explained.map(({ result }) => result)), criteria: explained };
}

function verdictOf(results: Explained['result'][]): Verdict {
  if (results.includes('missing')) return 'incomplete';
  return results.includes('failed') ? 'failed' : 'met';
}

function explain(criterion: Criterion, found: ScreeningValue | undefined, consentSignedAt: string): Explained {
  const { code, kind, text, item, ifMissing } = criterion;
  const usable = criterion.unit === undefined || criterion.unit === found?.unit ? found : undefined;
  const holds = usable && compare(criterion, usable.value, consentSignedAt);
  if (!usable || holds === undefined) {
    // Versions from before there was `ifMissing` have none.
    const result = ifMissing === 'met' || ifMissing === 'failed' ? ifMissing : 'missing';
    return { code, kind, text, item, result, value: null, unit: null, performedAt: null };
  }
  const { value, unit, performedAt } = usable;
  return { code, kind, text, item, result: holds === (kind === 'inclusion') ? 'met' : 'failed', value, unit, performedAt };
}

/** Does the comparison hold? Undefined where the value is not of the type that the criterion compares. */
function compare(criterion: Criterion, value: Value, consentSignedAt: string): boolean | undefined {
  switch (criterion.operator) {
    case '=':
    case '!=':
      return typeof value === typeof criterion.value ? (value === criterion.value) === (criterion.operator === '=') : undefined;
    case 'in':
    case 'not in':
      return criterion.value.some((one) => typeof one === typeof value) ? criterion.value.includes(value) === (criterion.operator === 'in') : undefined;
    default: {
      const { operator, value: bound } = criterion;
      if (typeof bound === 'number') return typeof value === 'number' ? inOrder(operator, value - bound) : undefined;
      const days = typeof value === 'string' ? dayOf(value) : undefined;
      return days === undefined ? undefined : inOrder(operator, days - consentDay(consentSignedAt) - offsetDays(bound.offset));
    }
  }
}

function inOrder(operator: '<' | '<=' | '>' | '>=', difference: number): boolean {
  if (difference === 0) return operator === '<=' || operator === '>=';
  return difference < 0 === operator.startsWith('<');
}

/** The number of a calendar date, counted in days; undefined for what is no date. */
function dayOf(date: string): number | undefined {
  return z.iso.date().safeParse(date).success ? Date.parse(date) / DAY_MS : undefined;
}

/** The day of the consent in UTC (domain: instants are kept in UTC). */
function consentDay(signedAt: string): number {
  return Math.floor(Date.parse(signedAt) / DAY_MS);
}
