import { expect } from 'vitest';
import { evidenceOf } from '../enrollment/evidence.ts';
import { Faults } from '../enrollment/faults.ts';
import { type Answer, directStudy, type DirectStudy, type EnrollmentBody, RANDOMISED_PROTOCOL, SCREENED_PROTOCOL, signedConsent } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { ask, type Asked, type Case } from './ask.ts';

/** What a test holds is let go by the test alone: no attempt times out meanwhile, no round begins by itself. */
const ONLY_THE_TEST_DECIDES = { attemptMs: 30_000, roundMs: 60_000 };
const WITHIN_MS = 20_000;

/** A whole system whose activities can be held, and the way into a race on it. */
export async function startRaceBench() {
  const faults = new Faults();
  const at = await startTestSystem({ interceptors: faults.interceptors, timing: ONLY_THE_TEST_DECIDES });
  return {
    at,
    faults,
    screened: (protocol: Record<string, unknown> = {}) => directStudy(at, { protocol: { ...SCREENED_PROTOCOL, ...protocol } }),
    randomised: () => directStudy(at, { protocol: RANDOMISED_PROTOCOL }),
    /** The run has ended, bounded. */
    runEnds: ({ study, patientId }: Case) =>
      at.system.client.withDeadline(Date.now() + WITHIN_MS, () => at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`).result()),
    record: (one: Case) => recordOf(at, one),
    mails: ({ enrollmentId }: Case) => evidenceOf(at, enrollmentId).mails(),
    stop: async () => {
      await faults.clear();
      await at.stop();
    },
  };
}

export type RaceBench = Awaited<ReturnType<typeof startRaceBench>>;

/** Enrols somebody who signed just now, or so long ago. */
export async function begun(study: DirectStudy, { signedAgoMs = 600_000, patientId }: { signedAgoMs?: number; patientId?: string } = {}): Promise<Case> {
  const person = patientId ?? (await study.register());
  const signedAtMs = Date.now() - signedAgoMs;
  const { signers } = signedConsent(new Date(signedAtMs));
  const { status, body } = await study.clinician.post<EnrollmentBody>('/enrollments', study.body(person, { signers }));
  expect([201, 202]).toContain(status);
  return { study, patientId: person, enrollmentId: body.enrollmentId, signedAtMs };
}

export const awaits = (what: string) => (now: EnrollmentBody) => now.awaiting?.what === what;

export async function awaitingResults(study: DirectStudy, how?: { signedAgoMs: number }): Promise<Case> {
  const one = await begun(study, how);
  await study.until(one.enrollmentId, awaits('screening_results'));
  return one;
}

export async function awaitingSignature(study: DirectStudy, how?: { signedAgoMs: number }): Promise<Case> {
  const one = await begun(study, how);
  expect((await ask.results(one)).status).toBe(201);
  await study.until(one.enrollmentId, awaits('eligibility'));
  return one;
}

export async function awaitingRandomisation(study: DirectStudy): Promise<Case> {
  const one = await awaitingSignature(study);
  expect((await ask.decision(one)).status).toBe(201);
  await study.until(one.enrollmentId, awaits('randomisation'));
  return one;
}

/** Held because of a new version of the consent form. A study of its own each: an amendment concerns the whole site. */
export async function awaitingReConsent(study: DirectStudy): Promise<Case> {
  const one = await awaitingSignature(study);
  await study.amend('2.0');
  expect(await ask.decision(one)).toMatchObject({ status: 409, body: { code: 'consent_superseded' } });
  await study.until(one.enrollmentId, awaits('consent'));
  return one;
}

/** What stands in the tables of what people have asked for. */
async function recordOf({ database: { sql } }: TestSystem, { enrollmentId }: Case) {
  const [row] = await sql<{ outcome: string; reason: string | null; enrolled: boolean }[]>`
    select outcome, expiry_reason as reason, enrolled_at is not null as enrolled from study.enrollments where id = ${enrollmentId}`;
  const values = await sql<{ item: string; value: unknown }[]>`
    select item, value from edc.screening_results r join edc.screenings s on s.id = r.screening_id where s.enrollment_id = ${enrollmentId} and current order by item`;
  const decisions = await sql<{ id: string; decision: string; signer: string; invalidated: boolean }[]>`
    select id, decision, signer_user_id as signer, invalidated_at is not null as invalidated from study.eligibility_decisions where enrollment_id = ${enrollmentId} order by id`;
  const allocations = await sql<{ at: Date }[]>`select at from study.allocations where enrollment_id = ${enrollmentId}`;
  const consents = await sql<{ id: string }[]>`select id from patient.consents where enrollment_id = ${enrollmentId} order by id`;
  return {
    ...row,
    values: Object.fromEntries(values.map(({ item, value }) => [item, value])),
    decisions: decisions.map((one) => ({ ...one })),
    allocations: allocations.map((one) => one.at.toISOString()),
    consents: consents.map(({ id }) => id),
  };
}

export type Recorded = Awaited<ReturnType<typeof recordOf>>;

/**
 * Nobody is left without an answer, and none is untrue: what was answered as done is in the record, what was refused
 * is not. `before` is the record before it was asked for.
 */
export async function expectTrue(bench: RaceBench, one: Case, asked: { kind: Asked; answer: Answer; before: Recorded }): Promise<void> {
  const { kind, answer, before } = asked;
  const now = await bench.record(one);
  expect([201, 409], JSON.stringify(answer.body)).toContain(answer.status);
  const told = `told ${answer.status} ${JSON.stringify(answer.body['code'] ?? null)}`;
  if (answer.status === 409) {
    expect(answer.body['code'], 'a refusal says why').toEqual(expect.any(String));
    const facts = ({ values, decisions, consents, allocations }: typeof now) => ({ randomisation: allocations, results: values, decision: decisions.map(({ id }) => id), invalidation: decisions, consent: consents })[kind];
    expect(facts(now), `${told}, so it is not in the record`).toEqual(facts(before));
    return;
  }
  if (kind === 'results') expect(Object.keys(now.values), told).toEqual(['AGE', 'EGFR']);
  if (kind === 'decision') expect(now.decisions.map(({ id }) => id), told).toContain(answer.body['decisionId']);
  if (kind === 'invalidation') expect(now.decisions.filter(({ invalidated }) => invalidated).map(({ id }) => id), told).toContain(answer.body['decisionId']);
  if (kind === 'randomisation') expect(now.allocations, told).toEqual([answer.body['randomisedAt']]);
  if (kind === 'consent') expect(now.consents, told).toContain(answer.body['consentId']);
}

/** The rounds of a race that nobody holds: who is sent first alternates. */
export function together<A, B>(round: number, one: () => Promise<A>, other: () => Promise<B>): Promise<[A, B]> {
  if (round % 2 === 0) return Promise.all([one(), other()]);
  const second = other();
  return Promise.all([one(), second]);
}
