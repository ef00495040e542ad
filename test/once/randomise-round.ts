import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { attend } from '../support/people.ts';
import { directStudy, type Randomised, RANDOMISED_PROTOCOL } from '../support/scenario.ts';
import { insist } from './insist.ts';
import type { KillableApp } from './killable-app.ts';

const PEOPLE = 20;
const LEVELS = ['female', 'male'];

/**
 * Twenty are asked to be randomised at once; after so many answers the application is killed and started again. Who got
 * no answer repeats with the same key. Then each has one allocation, the one that was answered, and no place is left out.
 */
export async function randomiseThroughKill(app: KillableApp, { afterAnswers, kill }: { afterAnswers: number; kill: () => Promise<void> }): Promise<void> {
  const study = await directStudy(app, { protocol: RANDOMISED_PROTOCOL });
  const people = await Promise.all(Array.from({ length: PEOPLE }, async (_, index) => {
    const patientId = await study.register();
    const began = randomUUID();
    // Twenty at one moment: who is refused for now comes again, as any client has to.
    const { enrollmentId } = (await insist(() => study.enrol(patientId, began))).body;
    await attend(study, enrollmentId);
    await study.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'randomisation', 60_000);
    return { enrollmentId, key: randomUUID(), strata: { sex: LEVELS[index % 2] ?? '' }, answered: null as Randomised | null };
  }));
  const send = ({ enrollmentId, key, strata }: (typeof people)[number]) => study.randomise(enrollmentId, { key, strata });
  const underWay = people.map(async (one) => {
    // No answer is what this test is about: such a request is repeated below.
    const answer = await insist(() => send(one)).catch(() => null);
    if (answer && answer.status < 300) one.answered = answer.body;
  });
  const deadline = Date.now() + 30_000;
  while (people.filter(({ answered }) => answered).length < afterAnswers) {
    if (Date.now() > deadline) throw new Error(`not ${afterAnswers} answers within 30 s`);
    await delay(2);
  }
  await kill();
  await Promise.all(underWay);

  for (const one of people) {
    const answer = await insist(() => send(one), { lostAnswers: true });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    if (one.answered) expect(answer.body).toEqual(one.answered);
    await study.until(one.enrollmentId, ({ outcome }) => outcome === 'active', 60_000);
  }
  const { sql } = app.database;
  const taken = await sql<{ key: string; positions: number[] }[]>`
    select s.key, array_agg(a.position order by a.position) as positions from study.allocations a join study.randomisation_strata s on s.id = a.stratum_id
    where s.key like ${`%site=${study.siteId}`} group by s.key order by s.key`;
  const inOrder = Array.from({ length: PEOPLE / 2 }, (_, index) => index + 1);
  expect([...taken]).toEqual(LEVELS.map((sex) => ({ key: `sex=${sex}/site=${study.siteId}`, positions: inOrder })));
  await expectInvariants(app, { withinMs: 30_000 });
}
