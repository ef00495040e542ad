import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { directStudy, type EnrollmentBody } from '../support/scenario.ts';
import { insist } from './insist.ts';
import type { KillableApp } from './killable-app.ts';
import { allEnded, numbersUpTo, tallyOf } from './tally.ts';

/**
 * Twenty enrollments at once (or as many as told); after so many answers the application is killed and started again. Who got no answer
 * repeats with the same key. Then all are active, each once, and what was answered before the kill holds.
 */
export async function enrolThroughKill(app: KillableApp, { people: count = 20, ...at }: { people?: number; afterAnswers: number; kill: () => Promise<void> }): Promise<void> {
  const study = await directStudy(app);
  const people = await Promise.all(Array.from({ length: count }, () => study.register()));
  const posts = people.map((patientId) => ({ body: study.body(patientId), key: randomUUID(), answered: '' }));
  const send = ({ body, key }: { body: unknown; key: string }) => study.clinician.post<EnrollmentBody>('/enrollments', body, key);
  const underWay = posts.map(async (post) => {
    // No answer is what this test is about: such a request is repeated below.
    const answer = await insist(() => send(post)).catch(() => null);
    if (answer && answer.status < 300) post.answered = answer.body.enrollmentId;
  });
  await answersReached(posts, at.afterAnswers);
  await at.kill();
  await Promise.all(underWay);

  const enrolled = await Promise.all(posts.map(async (post) => {
    const answer = await insist(() => send(post), { lostAnswers: true });
    expect([201, 202]).toContain(answer.status);
    if (post.answered) expect(answer.body.enrollmentId).toBe(post.answered);
    expect((await study.get(answer.body.enrollmentId)).status).toBe(200);
    return answer.body.enrollmentId;
  }));
  expect(new Set(enrolled).size).toBe(count);
  await allEnded(app.database.sql, { studyId: study.studyId, count, withinMs: 120_000 });
  const outcomes = await Promise.all(enrolled.map(async (id) => (await study.get(id)).body.outcome));
  expect(outcomes).toEqual(Array.from({ length: count }, () => 'active'));
  expect(await tallyOf(app.database.sql, study.studyId)).toMatchObject({
    reserved: 0,
    confirmed: count,
    slotsReserved: 0,
    slotsConfirmed: count,
    outcomes: { active: count },
    persons: count,
    subjectNumbers: numbersUpTo(count, study.siteCode),
    consents: count,
    casebooksOpen: count,
    schedulesOn: count,
    enrolledNotices: count,
  });
  await expectInvariants(app, { withinMs: 30_000 });
}

async function answersReached(posts: { answered: string }[], count: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (posts.filter((post) => post.answered).length < count) {
    if (Date.now() > deadline) throw new Error(`not ${count} answers within 30 s`);
    await delay(2);
  }
}
