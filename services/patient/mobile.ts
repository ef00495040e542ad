import { foldWidth, type Normalised } from './fold.ts';

/** A mobile number of mainland China: 11 digits; an optional +86 is stripped. */
export function mobileNumber(typed: string): Normalised<'mobile_form'> {
  const value = foldWidth(typed).replace(/^\+86[ -]?/, '');
  return /^1[3-9]\d{9}$/.test(value) ? { ok: true, value } : { ok: false, code: 'mobile_form' };
}
