import { createHmac, type KeyObject } from 'node:crypto';
import { foldWidth, type Normalised } from './fold.ts';
import { residentId, type ResidentIdProblem } from './resident-id.ts';

/** The type and country under which an `idCard` is kept among a person's identifiers. */
export const RESIDENT_ID = { type: 'resident-id', country: 'CN' } as const;

export type Identifier = { type: string; country: string; value: string };

export function isResidentId(identifier: { type: string; country: string }): boolean {
  return identifier.type === RESIDENT_ID.type && identifier.country === RESIDENT_ID.country;
}

/** Normalises an identifier's value: a resident ID by its own rules, any other by width, white space around and case. */
export function identifierValue(identifier: Identifier): Normalised<ResidentIdProblem | 'identifier_form'> {
  if (isResidentId(identifier)) return residentId(identifier.value);
  const value = foldWidth(identifier.value).toUpperCase();
  return /^[\p{L}\d][\p{L}\d ./-]{1,38}[\p{L}\d]$/u.test(value) ? { ok: true, value } : { ok: false, code: 'identifier_form' };
}

/**
 * What stands in the index for an identifier (HMAC-SHA-256, hex). Keyed, because a plain hash of so few possible
 * numbers can be searched through; type and country are part of it, so that equal values of two kinds differ.
 */
export function identifierHash(indexKey: KeyObject, { type, country, value }: Identifier): string {
  return createHmac('sha256', indexKey).update(JSON.stringify(['identifier', type, country, value])).digest('hex');
}

/** What stands in the index for a mobile number: as above, in a domain of its own. */
export function mobileHash(indexKey: KeyObject, mobile: string): string {
  return createHmac('sha256', indexKey).update(JSON.stringify(['mobile', mobile])).digest('hex');
}
