import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { evidenceOf } from '../enrollment/evidence.ts';
import { resolve } from '../enrollment/words.ts';
import { answered } from '../enrollment/faults.ts';
import { type Answer, directStudy, type DirectStudy, ELIGIBLE, type EnrollmentBody, resultsOf, type Screened, SCREENED_PROTOCOL, signedConsent } from '../support/scenario.ts';
import { expectEnd, type End } from './end.ts';
import { DAY, MINUTE } from './server-clock.ts';
import type { TimedSystem } from './timed-system.ts';

export { DIRECT_PROTOCOL, RANDOMISED_PROTOCOL, SCREENED_PROTOCOL } from '../support/scenario.ts';

export const WINDOW = 28 * DAY;
export const OUTDATED = { version: '0.9' };

/** To whom what goes when nothing is out of the ordinary; each entry is one mail. */
export const CONSENT_RECORDED = ['consent_recorded to coordinator-1', 'consent_recorded to doctor-1', 'consent_recorded to participant'];
export const SIGNATURE_REQUESTED = ['signature_requested to doctor-1'];
export const REMINDED = ['signature_reminder to doctor-1'];
export const RECONSENT_REQUESTED = ['reconsent_requested to coordinator-1', 'reconsent_requested to doctor-1'];
export const DECLINED = ['reconsent_declined to doctor-1'];
export const STUCK = ['stuck to ops'];
export const ENROLLED = ['enrolled to doctor-1'];
export const NOT_ENROLLED = ['not_enrolled to coordinator-1', 'not_enrolled to sponsor-1'];
export const CAP_REACHED = ['cap_reached to coordinator-1', 'cap_reached to sponsor-1'];

export type Trial = Awaited<ReturnType<typeof trial>>;
/** Asks without repeating what is answered `outcome_unknown`. */
export const once: typeof answered = (ask) => ask();

export type Participant = Awaited<ReturnType<Trial['begin']>>;
/** `until` in milliseconds since the epoch. */
type Awaiting = { what: string; who: string; until: number };

/** A study of a test's own, screened unless told, whose people act at the server's time; everybody of README's table is there to be told. */
export async function trial(system: TimedSystem, { protocol = SCREENED_PROTOCOL, cap = 100 }: { protocol?: Record<string, unknown>; cap?: number } = {}) {
  const { at, clock } = system;
  const study = await directStudy(at, { protocol, cap });
  const { studyId, siteId, admin, clinician } = study;
  accepted(await admin.post(`/studies/${studyId}/contacts`, { userId: 'sponsor-1', name: 'Sponsor', email: 'sponsor@company.example', role: 'sponsor' }));
  const ago = (ms: number) => new Date(clock.now().getTime() - ms);

  async function register(): Promise<string> {
    const identifiers = [{ type: 'passport', country: 'CN', value: `E${randomUUID().replaceAll('-', '').slice(0, 12)}` }];
    const answer = await clinician.post<{ patientInfo: { id: string } }>('/patients', { name: 'Test Person', identifiers, email: 'person@people.example', siteId });
    return accepted(answer).patientInfo.id;
  }

  return {
    study,
    register,
    /** A new version of the consent form, in force from now on. */
    amend: (version: string) => study.amend(version, { approvedAt: ago(1000).toISOString(), effectiveAt: ago(1000).toISOString() }),
    /** POST /enrollments of a consent that was signed so long ago. */
    begin: async ({ signedAgo = MINUTE, consent = {}, patientId = '' }: { signedAgo?: number; consent?: Record<string, unknown>; patientId?: string } = {}) => {
      const id = patientId || (await register());
      const signedAt = ago(signedAgo);
      const answer = await clinician.post<EnrollmentBody>('/enrollments', study.body(id, { ...signedConsent(signedAt), ...consent }));
      expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 });
      return participant({ system, study, patientId: id, enrollmentId: answer.body.enrollmentId, signedAt });
    },
  };
}

type Of = { system: TimedSystem; study: DirectStudy; patientId: string; enrollmentId: string; signedAt: Date };

/** What can be done with one enrollment, and seen of it. */
function participant({ system, study, patientId, enrollmentId, signedAt }: Of) {
  const { at, clock, faults } = system;
  const evidence = evidenceOf(at, enrollmentId);
  const path = `/enrollments/${enrollmentId}`;
  const get = async () => (await study.get(enrollmentId)).body;
  const until = (wanted: (body: EnrollmentBody) => boolean) => study.until(enrollmentId, wanted);
  const awaits = async (what: string): Promise<Awaiting> => {
    const { awaiting } = await until((now) => now.awaiting?.what === what);
    return { what, who: awaiting?.who ?? '', until: Date.parse(awaiting?.until ?? '') };
  };
  const resolveStep = (action: 'retry' | 'skip' | 'abort') => resolve(study, enrollmentId, action);
  return {
    patientId, enrollmentId, signedAt, evidence, get, until, awaits, resolve: resolveStep,
    screen: (values: Record<string, unknown> = ELIGIBLE, more: Record<string, unknown> = {}, ask: typeof answered = answered) => {
      const performedAt = new Date(clock.now().getTime() - 1000).toISOString();
      const key = randomUUID();
      return ask(() => study.clinician.post<Screened>(`${path}/screening-results`, { results: resultsOf(values, { performedAt, ...more }) }, key));
    },
    decide: (decision: 'eligible' | 'not_eligible' = 'eligible') => {
      const key = randomUUID();
      return answered(() => study.decide(enrollmentId, decision, { key }));
    },
    invalidate: () => {
      const key = randomUUID();
      return answered(() => study.invalidate(enrollmentId, key));
    },
    reConsent: (version: string, signed = new Date(clock.now().getTime() - 1000)) => {
      const key = randomUUID();
      return answered(() => study.reConsent(enrollmentId, { ...signedConsent(signed), version }, key));
    },
    decline: () => {
      const key = randomUUID();
      return answered(() => study.clinician.post(`${path}/consents`, { declined: { reason: 'wants to think' } }, key));
    },
    /** Every attempt of this activity fails, for this person; call it to mend it. */
    fail: (activity: string) => faults.fail(activity, patientId),
    parked: (step: string) => until((now) => now.stuckStep === step),
    /** Mends and has it done again. */
    retried: async (mend: () => void) => {
      mend();
      expect(await resolveStep('retry')).toMatchObject({ status: 200 });
    },
    advanceTo: (instant: number) => clock.advanceTo(instant),
    /** A minute before and a minute after: nothing has happened on this side, everything has on that. */
    justBefore: async (deadline: number) => {
      await clock.advanceTo(deadline - MINUTE);
      const now = await get();
      expect(now).not.toHaveProperty('outcome');
      return now;
    },
    justAfter: (deadline: number) => clock.advanceTo(deadline + MINUTE),
    /** The enrollment has ended, and everybody and everything knows: record, log, run, mails, slots. */
    expectEnd: (end: End) => expectEnd({ at, study, patientId, enrollmentId, evidence }, end),
    active: (end: Omit<End, 'outcome'>) => expectEnd({ at, study, patientId, enrollmentId, evidence }, { outcome: 'active', slots: ['confirmed'], ...end }),
    expired: (reason: string, end: Omit<End, 'outcome' | 'reason'>) => expectEnd({ at, study, patientId, enrollmentId, evidence }, { outcome: 'expired', reason, ...end }),
  };
}

export function accepted<T>({ status, body }: Answer<T>): T {
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  return body;
}

/** What is done after the end is refused, and says why. */
export const CLOSED = { status: 409, body: { code: 'enrollment_closed' } };
