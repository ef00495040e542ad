import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { directStudy, type DirectStudy, type EnrollmentBody } from '../support/scenario.ts';
import type { TestSystem } from '../support/system.ts';
import { insist } from './insist.ts';
import { allEnded, numbersUpTo, tallyOf } from './tally.ts';

/**
 * So many people at once for fewer places, at a site of their own: exactly `cap` are active in the end, the others
 * refused for the cap, at the door (409) or inside (`cap_reached`), and every table says the same.
 */
export async function raceForPlaces(at: TestSystem, { people, cap }: { people: number; cap: number }): Promise<void> {
  const study = await directStudy(at, { cap });
  const persons = await Promise.all(Array.from({ length: people }, () => study.register()));
  const answers = await Promise.all(persons.map((person) => enrolOnce(study, person)));

  const started = answers.filter((answer) => answer.status !== 409).map(({ body }) => body.enrollmentId);
  for (const refused of answers.filter((answer) => answer.status === 409)) expect(refused.body.code).toBe('cap_reached');
  await allEnded(at.database.sql, { studyId: study.studyId, count: started.length });

  const ended = await Promise.all(started.map(async (id) => (await study.get(id)).body.outcome));
  expect(ended.filter((outcome) => outcome === 'active')).toHaveLength(cap);
  expect(ended.filter((outcome) => outcome === 'cap_reached')).toHaveLength(started.length - cap);
  expect(await tallyOf(at.database.sql, study.studyId)).toEqual({
    cap,
    reserved: 0,
    confirmed: cap,
    slotsReserved: 0,
    slotsConfirmed: cap,
    outcomes: { active: cap, ...(started.length > cap ? { cap_reached: started.length - cap } : {}) },
    persons: started.length,
    subjectNumbers: numbersUpTo(started.length, study.siteCode),
    consents: people,
    consentsOfEnrollments: started.length,
    casebooksOpen: cap,
    schedulesOn: cap,
    enrolledNotices: cap,
  });
}

async function enrolOnce(study: DirectStudy, patientId: string) {
  const [body, key] = [study.body(patientId), randomUUID()];
  const answer = await insist(() => study.clinician.post<EnrollmentBody>('/enrollments', body, key));
  expect([200, 201, 202, 409]).toContain(answer.status);
  return answer;
}
