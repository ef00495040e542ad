import { z } from 'zod';
import { code, text } from '../../common/index.ts';

const MAX_OFFSET_DAYS = 3650;

const unique = <T>(values: readonly T[]) => new Set(values).size === values.length;
const distinct = 'must not contain the same twice';

const itemCode = z.string().regex(/^[A-Z][A-Z0-9_]{0,39}$/, 'capital letters, digits and "_", at most 40');
const scalar = z.union([z.number(), z.boolean(), text(200)]);

/** Whole days of an offset such as `P28D` or `-P28D`; NaN for anything else. */
export function offsetDays(offset: string): number {
  const [, sign, days] = /^(-?)P(\d{1,4})D$/.exec(offset) ?? [];
  return sign === '-' ? 0 - Number(days) : Number(days);
}

/** A calendar date (UTC) so many days after, or before, the consent was signed. */
const relativeDate = z.strictObject({
  relativeTo: z.literal('consent'),
  offset: z.string().refine((value) => Math.abs(offsetDays(value)) <= MAX_OFFSET_DAYS, `whole days such as P28D or -P28D, at most ${MAX_OFFSET_DAYS}`),
});

const base = {
  code,
  kind: z.enum(['inclusion', 'exclusion']),
  text: text(1000),
  item: itemCode,
  unit: text(40).optional(),
  /** Without a value: await one, or count the criterion as met or failed. */
  ifMissing: z.enum(['wait', 'met', 'failed']).default('wait'),
};

/** One criterion that the system can evaluate: the item compared with the value. Orders need a number or a date. */
const criterion = z.discriminatedUnion('operator', [
  z
    .strictObject({
      ...base,
      operator: z.enum(['<', '<=', '>', '>=']),
      value: z.union([z.number(), relativeDate], 'a number, or a date as {relativeTo: "consent", offset: "-P28D"}, at most 3650 days'),
    })
    .refine((it) => it.unit === undefined || typeof it.value === 'number', { path: ['unit'], message: 'a date has no unit' }),
  z.strictObject({ ...base, operator: z.enum(['=', '!=']), value: scalar }),
  z.strictObject({ ...base, operator: z.enum(['in', 'not in']), value: z.array(scalar).min(1).max(100).refine(unique, distinct) }),
]);
export type Criterion = z.output<typeof criterion>;

/** The types of a value that can be compared with the criterion's own; a date is a text. */
function typesOf({ operator, value }: Criterion): string[] {
  if (operator === 'in' || operator === 'not in') return value.map((one) => typeof one);
  return [typeof value === 'object' ? 'string' : typeof value];
}

/**
 * The criteria of a protocol version; each has a code of its own. Those of one item agree on unit and type: no value
 * could be compared with both otherwise, and the enrollment would wait for one until its screening expires.
 */
export const criteria = z
  .array(criterion)
  .max(200)
  .refine((all) => unique(all.map((one) => one.code)), distinct)
  .superRefine((all, issues) => {
    const items = new Map<string, { unit: string | undefined; types: string[] }>();
    for (const [index, one] of all.entries()) {
      const before = items.get(one.item) ?? { unit: one.unit, types: typesOf(one) };
      const unit = before.unit ?? one.unit;
      const types = before.types.filter((type) => typesOf(one).includes(type));
      items.set(one.item, { unit, types });
      if (unit !== (one.unit ?? unit)) issues.addIssue({ code: 'custom', path: [index, 'unit'], message: 'must be that of the other criteria of the item' });
      if (types.length === 0) issues.addIssue({ code: 'custom', path: [index, 'value'], message: 'must be of the type of the other criteria of the item' });
    }
  });
