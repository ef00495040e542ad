import { z } from 'zod';

/** Text for people: kept exactly as given (Unicode and all), but without control characters that can't be stored or shown. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // eslint-disable-next-line no-control-regex
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/u, 'control characters are not allowed')
    .refine((value) => value.trim().length > 0, 'must not be blank');

/** A code chosen by people, such as `ONC-101`: it stands in workflow ids and URLs. */
export const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'letters, digits, ".", "_", "-", at most 40');

/** An id of ours. */
export const id = z.uuid();

/** The id of a staff member, as the delegation log knows it. */
export const userId = z.string().regex(/^[\w.@-]{1,80}$/, 'letters, digits, ".", "_", "@", "-", at most 80');

/** An instant, RFC 3339; any offset is accepted, stored and answered in UTC. */
export const instant = z.iso.datetime({ offset: true }).transform((value) => new Date(value).toISOString());

/** A duration, ISO 8601, of weeks, days, hours, minutes and seconds (months and years have no fixed length). */
export const duration = z
  .string()
  .regex(/^P(?!$)(\d{1,4}W)?(\d{1,5}D)?(T(?=\d)(\d{1,6}H)?(\d{1,6}M)?(\d{1,6}S)?)?$/, 'an ISO 8601 duration such as P3D or PT12H');

/** A SHA-256, as 64 lower-case hexadecimal digits. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 lower-case hexadecimal digits');

export const email = z.email().max(254);

/** Milliseconds of an ISO 8601 duration of the form above. */
export function durationMs(value: string): number {
  const parts = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(value);
  if (!parts) throw new RangeError('not a duration');
  const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return (((weeks! * 7 + days!) * 24 + hours!) * 60 + minutes!) * 60_000 + seconds! * 1000;
}
