/** The outcome of normalising a value that somebody typed: the stored form, or a code that says why not. */
export type Normalised<C extends string> = { ok: true; value: string } | { ok: false; code: C };

/**
 * Full-width digits, letters and signs (as input methods for Chinese produce them) become ASCII, white space
 * around goes away. Done before anything is checked, stored or indexed, so that one value has one form.
 */
export function foldWidth(value: string): string {
  return value.normalize('NFKC').trim();
}

/** Two spellings of a name that people take for the same: width, letter case and runs of white space are ignored. */
export function sameName(a: string, b: string): boolean {
  return comparable(a) === comparable(b);
}

function comparable(name: string): string {
  return foldWidth(name).replaceAll(/\s+/gu, ' ').toLowerCase();
}
