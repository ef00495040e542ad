import { foldWidth, type Normalised } from './fold.ts';

/** Why a resident ID number is refused. */
export type ResidentIdProblem =
  | 'id_card_fifteen_digits'
  | 'id_card_form'
  | 'id_card_region'
  | 'id_card_birth_date'
  | 'id_card_check_character';

/** GB/T 2260 codes of provinces; 81-83 stand in residence permits for Hong Kong, Macau and Taiwan. */
const PROVINCES = new Set(
  ['11-15', '21-23', '31-37', '41-46', '50-54', '61-65', '71-71', '81-83'].flatMap((range) => {
    const [from = 0, to = 0] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, step) => String(from + step));
  }),
);

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;

/** The check character of the first 17 digits (GB 11643-1999, ISO 7064 MOD 11-2). */
export function checkCharacter(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return '10X98765432'.charAt(sum % 11);
}

/**
 * Normalises and checks a Chinese resident ID number (GB 11643-1999): form, province, a birth date that exists,
 * check character. A foreigner's permanent-resident number begins with 9, followed by a province code.
 * Whether the birth date lies in the future is for the caller, who has a clock.
 */
export function residentId(typed: string): Normalised<ResidentIdProblem> {
  const value = foldWidth(typed).toUpperCase();
  if (/^\d{15}$/.test(value)) return { ok: false, code: 'id_card_fifteen_digits' };
  if (!/^\d{17}[\dX]$/.test(value)) return { ok: false, code: 'id_card_form' };
  const region = value.startsWith('9') ? value.slice(1, 3) : value.slice(0, 2);
  if (!PROVINCES.has(region)) return { ok: false, code: 'id_card_region' };
  if (!isRealDate(birthDateOf(value))) return { ok: false, code: 'id_card_birth_date' };
  if (checkCharacter(value) !== value.charAt(17)) return { ok: false, code: 'id_card_check_character' };
  return { ok: true, value };
}

/** Birth date (YYYY-MM-DD) in a normalised number. */
export function birthDateOf(number: string): string {
  return `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
}

/** Sex in a normalised number: an odd sequence is male. */
export function sexOf(number: string): 'male' | 'female' {
  return Number(number.charAt(16)) % 2 === 1 ? 'male' : 'female';
}

function isRealDate(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return day >= '1800-01-01' && !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === day;
}

/** Is this day (YYYY-MM-DD) still to come everywhere on Earth? A child born today in the east is not from the future. */
export function isFutureDay(day: string, now: Date): boolean {
  return day > new Date(now.getTime() + 14 * 3_600_000).toISOString().slice(0, 10);
}
