import { setTimeout as delay } from 'node:timers/promises';
import type postgres from 'postgres';

/** What stands in the tables of all services about one study at one site. */
export type Tally = {
  cap: number;
  reserved: number;
  confirmed: number;
  slotsReserved: number;
  slotsConfirmed: number;
  outcomes: Record<string, number>;
  persons: number;
  subjectNumbers: string[];
  consents: number;
  consentsOfEnrollments: number;
  casebooksOpen: number;
  schedulesOn: number;
  enrolledNotices: number;
};

/** Counted by SQL past all code of ours; one site per study. */
export async function tallyOf(sql: postgres.Sql, studyId: string): Promise<Tally> {
  const [counts] = await sql<Omit<Tally, 'outcomes' | 'subjectNumbers'>[]>`
    select a.cap, a.reserved, a.confirmed,
      (select count(*)::int from site.slots s where s.activation_id = a.id and s.status = 'reserved') as "slotsReserved",
      (select count(*)::int from site.slots s where s.activation_id = a.id and s.status = 'confirmed') as "slotsConfirmed",
      (select count(distinct patient_id)::int from study.enrollments where study_id = a.study_id) as "persons",
      (select count(*)::int from patient.consents where study_id = a.study_id) as "consents",
      (select count(*)::int from patient.consents where study_id = a.study_id and enrollment_id is not null) as "consentsOfEnrollments",
      (select count(*)::int from edc.casebooks where study_id = a.study_id and status = 'open') as "casebooksOpen",
      (select count(*)::int from edc.epro_schedules where study_id = a.study_id and status = 'on') as "schedulesOn",
      (select count(*)::int from notification.messages where study_id = a.study_id and kind = 'enrolled' and status = 'sent') as "enrolledNotices"
    from site.activations a where a.study_id = ${studyId}`;
  if (!counts) throw new Error('the site is not activated');
  const outcomes = await sql<{ outcome: string; count: number }[]>`
    select outcome, count(*)::int as count from study.enrollments where study_id = ${studyId} group by outcome`;
  const numbers = await sql<{ subject_number: string }[]>`
    select subject_number from study.screening_log where study_id = ${studyId} order by subject_number`;
  return {
    ...counts,
    outcomes: Object.fromEntries(outcomes.map((row) => [row.outcome, row.count])),
    subjectNumbers: numbers.map((row) => row.subject_number),
  };
}

/** The subject numbers that a site has given when it has given `count`: no gap, none twice. */
export function numbersUpTo(count: number, siteCode: string): string[] {
  return Array.from({ length: count }, (_, at) => `${siteCode}-${String(at + 1).padStart(4, '0')}`);
}

/**
 * Waits until so many enrollments of a study have their outcome, and all notices of them have been handed over. Looks
 * at the tables: sixty callers asking REST for live details would cost more than the enrollments themselves.
 */
export async function allEnded(sql: postgres.Sql, wanted: { studyId: string; count: number; withinMs?: number }): Promise<void> {
  const { studyId, count, withinMs = 45_000 } = wanted;
  const deadline = Date.now() + withinMs;
  for (;;) {
    const [now] = await sql<{ ended: number; open: number; unsent: number }[]>`
      select count(*) filter (where outcome <> 'open')::int as ended, count(*) filter (where outcome = 'open')::int as open,
        (select count(*)::int from notification.messages where study_id = ${studyId} and status = 'pending') as unsent
      from study.enrollments where study_id = ${studyId}`;
    if (now?.ended === count && now.open === 0 && now.unsent === 0) return;
    if (Date.now() > deadline) throw new Error(`not all ended within ${withinMs} ms: ${JSON.stringify({ ...now, count })}`);
    await delay(50);
  }
}
