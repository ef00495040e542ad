// Real: PostgreSQL, Temporal, SMTP, the REST API over HTTP. No stand-ins.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy, type DirectStudy, type EnrollmentBody } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { insist } from './insist.ts';
import { allEnded, numbersUpTo, tallyOf } from './tally.ts';

const ROUNDS = 20;
const PEOPLE = 60;
const CAP = 10;

describe('sixty people at once on a cap of ten', () => {
  let at: TestSystem;

  beforeAll(async () => {
    at = await startTestSystem();
  });
  afterAll(() => at.stop());

  it.for(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
    'leaves exactly ten active, and refuses the others for the cap: round %i',
    { timeout: 60_000 },
    async () => {
      const study = await directStudy(at, { cap: CAP });
      const people = await Promise.all(Array.from({ length: PEOPLE }, () => study.register()));
      const answers = await Promise.all(people.map((person) => enrolOnce(study, person)));

      const started = answers.filter((answer) => answer.status !== 409);
      for (const refused of answers.filter((answer) => answer.status === 409)) expect(refused.body.code).toBe('cap_reached');
      await allEnded(at.database.sql, { studyId: study.studyId, count: started.length });
      const ended = (await Promise.all(started.map(({ body }) => study.get(body.enrollmentId)))).map(({ body }) => body);
      expect(countOf(ended, 'active')).toBe(CAP);
      expect(countOf(ended, 'cap_reached')).toBe(started.length - CAP);

      expect(await tallyOf(at.database.sql, study.studyId)).toEqual({
        cap: CAP,
        reserved: 0,
        confirmed: CAP,
        slotsReserved: 0,
        slotsConfirmed: CAP,
        outcomes: { active: CAP, ...(started.length > CAP ? { cap_reached: started.length - CAP } : {}) },
        persons: started.length,
        subjectNumbers: numbersUpTo(started.length, study.siteCode),
        consents: PEOPLE,
        consentsOfEnrollments: started.length,
        casebooksOpen: CAP,
        schedulesOn: CAP,
        enrolledNotices: CAP,
      });
    },
  );
});

async function enrolOnce(study: DirectStudy, patientId: string) {
  const key = randomUUID();
  const answer = await insist(() => study.enrol(patientId, key));
  expect([200, 201, 202, 409]).toContain(answer.status);
  return answer;
}

function countOf(ended: EnrollmentBody[], outcome: string): number {
  return ended.filter((body) => body.outcome === outcome).length;
}
