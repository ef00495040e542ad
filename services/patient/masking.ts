/** `138****1234`. */
export function maskMobile(mobile: string): string {
  return `${mobile.slice(0, 3)}****${mobile.slice(-4)}`;
}

/** The first 3 and the last 4 characters of a resident ID; positions 7-14 (the birth date) are always hidden. */
export function maskResidentId(number: string): string {
  return `${number.slice(0, 3)}***********${number.slice(-4)}`;
}

/** The last 3 characters of a longer identifier, nothing of a short one; the length does not show either. */
export function maskIdentifier(value: string): string {
  return value.length >= 7 ? `****${value.slice(-3)}` : '****';
}

/** The first character of each word, e.g. `张**` or `M** S**`: enough to recognise, without the length. */
export function maskName(name: string): string {
  return name
    .trim()
    .split(/\s+/u)
    .map((word) => `${Array.from(word)[0] ?? ''}**`)
    .join(' ');
}

/** The first character and the domain. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}***${email.slice(at)}`;
}

/** The year only. */
export function maskBirthDate(day: string): string {
  return day.slice(0, 4);
}
