import { z } from 'zod';
import type { ProtocolBody } from '../study/client.ts';
import { beforeConsent, performedInFuture, unitMismatch, unknownItem, valueType } from './errors.ts';
import type { ScreeningResult } from './schemas.ts';
import type { ResultValue } from './tables.ts';

type Criterion = ProtocolBody['criteria'][number];

const TYPES = {
  number: 'a number',
  boolean: 'true or false',
  string: 'text',
  date: 'a calendar date such as 2026-11-22',
} as const;
type ValueType = keyof typeof TYPES;

const calendarDate = z.iso.date();

export type Circumstances = {
  criteria: readonly Criterion[];
  consentSignedAt: Date;
  now: Date;
  /** The result's place in the body, from 1. */
  place: number;
};

/**
 * Throws when a result can't be used: `unknown_item`, `value_type`, `unit_mismatch`, `performed_in_future`, or
 * `before_consent` (domain step 3: procedures of the trial come after the consent, standard of care may be older).
 * An item of several criteria must be of use to all of them.
 */
export function judgeResult(result: ScreeningResult, { criteria, consentSignedAt, now, place }: Circumstances): void {
  const { item, value, unit, performedAt, standardOfCare } = result;
  const asking = criteria.filter((criterion) => criterion.item === item);
  if (asking.length === 0) throw unknownItem(place);
  for (const criterion of asking) {
    const types = typesOf(criterion);
    if (!types.some((type) => isOf(type, value))) throw valueType(item, types.map((type) => TYPES[type]).join(' or '));
    const { unit: expected } = criterion;
    if (expected !== undefined && unit !== expected) throw unitMismatch(item, expected);
  }
  const performed = new Date(performedAt);
  if (performed > now) throw performedInFuture(item);
  if (performed < consentSignedAt && !standardOfCare) throw beforeConsent(item);
}

/** The types of which a value must be to be compared: of one of a list's, otherwise of the criterion's own. */
function typesOf({ value }: Criterion): ValueType[] {
  if (Array.isArray(value)) return [...new Set(value.map(typeOf))];
  // Relative to the consent: the item is a date, too.
  if (typeof value === 'object') return ['date'];
  return [typeOf(value)];
}

const typeOf = (value: ResultValue) => typeof value as 'number' | 'boolean' | 'string';

function isOf(type: ValueType, value: ResultValue): boolean {
  return type === 'date' ? calendarDate.safeParse(value).success : typeof value === type;
}
