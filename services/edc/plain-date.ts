import { durationMs } from '../common/index.ts';

const DAY_MS = 86_400_000;

/** Making a formatter costs a hundred times what formatting does. There are some 600 time zones, so this stays small. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  formatters.set(timeZone, made);
  return made;
}

/** The calendar date (YYYY-MM-DD) that an instant falls on in a time zone (IANA name). */
export function dateAt({ instant, timezone }: { instant: string; timezone: string }): string {
  const parts = formatterOf(timezone).formatToParts(new Date(instant));
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
}

/** A calendar date some days later (or earlier): dates have no hours, so daylight saving can't shift them. */
export function addDays({ date, days }: { date: string; days: number }): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whole days of an ISO 8601 duration; what is left of a day doesn't count. */
export function wholeDays(duration: string): number {
  return Math.floor(durationMs(duration) / DAY_MS);
}
