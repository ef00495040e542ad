import type { ProtocolBody } from '../study/client.ts';
import { addDays, dateAt, wholeDays } from './plain-date.ts';
import type { EproForm, Visit } from './schemas.ts';

type Protocol = Pick<ProtocolBody, 'visits' | 'epro'>;
type Enrolled = { anchorAt: string; timezone: string };

/**
 * The protocol's visits with their dates at the site. The window is meant both ways: `P3D` is three days before
 * to three days after. A visit whose anchor has no date yet (`randomisation`, …) is planned without dates.
 */
export function planVisits(body: Protocol, { anchorAt, timezone }: Enrolled): Visit[] {
  const anchors = new Map<string, string>([['enrollment', dateAt({ instant: anchorAt, timezone })]]);
  return body.visits.map(({ code, anchor, offset, window, forms }) => {
    const from = anchors.get(anchor);
    const plannedDate = from === undefined ? null : addDays({ date: from, days: wholeDays(offset) });
    const shifted = (days: number) => (plannedDate === null ? null : addDays({ date: plannedDate, days }));
    return {
      code,
      anchor,
      offset,
      window,
      forms,
      plannedDate,
      windowFrom: shifted(-wholeDays(window)),
      windowTo: shifted(wholeDays(window)),
    };
  });
}

/** The protocol's ePRO forms, from the day of enrollment at the site, for at least one day. */
export function planEpro(body: Protocol, { anchorAt, timezone }: Enrolled): EproForm[] {
  const firstDate = dateAt({ instant: anchorAt, timezone });
  return (body.epro ?? []).map(({ form, every, at, for: length }) => ({
    form,
    every,
    at,
    firstDate,
    lastDate: addDays({ date: firstDate, days: Math.max(0, wholeDays(length) - 1) }),
  }));
}
