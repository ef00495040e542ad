import { z } from 'zod';
import { code, duration, durationMs, instant } from '../common/index.ts';
import { criteria } from './eligibility/criterion-schema.ts';

const DAY_MS = 86_400_000;

const unique = <T>(values: readonly T[]) => new Set(values).size === values.length;
const distinct = 'must not contain the same twice';

/** Refinements run even after a form was refused, and must not throw: what is no duration compares as false. */
const msOf = (value: string) => (duration.safeParse(value).success ? durationMs(value) : Number.NaN);

/** A duration longer than nothing and at most two years: deadlines beyond that are mistakes. */
const deadline = duration.refine((value) => msOf(value) > 0 && msOf(value) <= 730 * DAY_MS, 'more than zero, at most 730 days');

const screening = z.strictObject({
  windowDays: z.int().min(1).max(365),
  maxRescreens: z.int().min(0).max(10),
});

const eligibilitySignature = z
  .strictObject({ reminder: deadline, expiry: deadline })
  .refine((it) => msOf(it.reminder) < msOf(it.expiry), { path: ['reminder'], message: 'must come before the expiry' });

const randomisation = z
  .strictObject({
    arms: z
      .array(z.strictObject({ code, ratio: z.int().min(1).max(20) }))
      .min(1)
      .max(10)
      .refine((arms) => unique(arms.map((arm) => arm.code)), distinct),
    strata: z
      .array(z.strictObject({ code, levels: z.array(code).min(2).max(50).refine(unique, distinct) }))
      .max(10)
      .default([])
      .refine((strata) => unique(strata.map((stratum) => stratum.code)), distinct)
      .refine((strata) => strata.reduce((cells, stratum) => cells * stratum.levels.length, 1) <= 1000, 'at most 1000 combinations of levels'),
    blockSizes: z.array(z.int().min(2).max(200)).min(1).max(10).refine(unique, distinct),
    bySite: z.boolean().default(true),
    autoRandomise: z.boolean().default(false),
    freesCapOnWithdrawal: z.boolean().default(false),
  })
  .superRefine(({ arms, blockSizes, autoRandomise, strata }, issues) => {
    // Who belongs to which level is confirmed by a person (domain, step 8).
    if (autoRandomise && strata.length > 0) issues.addIssue({ code: 'custom', path: ['autoRandomise'], message: 'only without strata (bySite is none): somebody has to confirm the levels' });
    const sum = arms.reduce((total, arm) => total + arm.ratio, 0);
    for (const [index, size] of blockSizes.entries()) {
      if (size % sum !== 0) issues.addIssue({ code: 'custom', path: ['blockSizes', index], message: `must be a multiple of ${sum}, the sum of the ratios` });
    }
  });

const forms = z.array(code).min(1).max(50).refine(unique, distinct);

const visit = z.strictObject({
  code,
  anchor: z.enum(['enrollment', 'randomisation']),
  offset: duration,
  window: duration,
  forms,
});

/** A diary at a time of the day (of the site): every so many whole days, for so many days. */
const epro = z
  .strictObject({
    form: code,
    every: deadline.refine((value) => msOf(value) % DAY_MS === 0, 'must be whole days'),
    at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 20:00'),
    for: deadline,
  })
  .refine((it) => msOf(it.for) >= msOf(it.every), { path: ['for'], message: 'must not be shorter than "every"' });

/**
 * Subject numbers count per site, so the pattern has the site in it and ends in the sequence, set off by a
 * separator: numbers of two sites (codes `S1` and `S11`) can then never be equal.
 */
const subjectNumberPattern = z
  .string()
  .max(80)
  .regex(/^(?:[A-Za-z0-9._/-]|\{study\})*\{site\}(?:(?:[A-Za-z0-9._/-]|\{study\})*[._/-])\{sequence:[1-9]\}$/, 'such as {site}-{sequence:4}');

/** A protocol version as people send it (contract): everything that varies between trials is in here, not in code. */
export const protocolBody = z
  .strictObject({
    version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$/, 'letters, digits, ".", "_", "-", at most 20'),
    effectiveAt: instant,
    consentRule: z.string().regex(/^[A-Z]{2}$/, 'a country code such as CN').default('CN'),
    screening: screening.optional(),
    criteria: criteria.default([]),
    eligibilitySignature: eligibilitySignature.optional(),
    randomisation: randomisation.optional(),
    visits: z
      .array(visit)
      .max(200)
      .default([])
      .refine((all) => unique(all.map((one) => one.code)), distinct),
    epro: z
      .array(epro)
      .min(1)
      .max(50)
      .refine((all) => unique(all.map((one) => `${one.form} ${one.at}`)), distinct)
      .optional(),
    slotTimeToLive: deadline.default('P3D'),
    reconsentDeadline: deadline.default('P14D'),
    subjectNumberPattern: subjectNumberPattern.default('{site}-{sequence:4}'),
  })
  .superRefine(({ visits, randomisation: randomised }, issues) => {
    if (randomised) return;
    for (const [index, one] of visits.entries()) {
      if (one.anchor === 'randomisation') issues.addIssue({ code: 'custom', path: ['visits', index, 'anchor'], message: 'this protocol does not randomise' });
    }
  });

export type ProtocolBody = z.output<typeof protocolBody>;
/** The body as sent: what has a default may be absent. */
export type ProtocolInput = z.input<typeof protocolBody>;
