import { randomUUID } from 'node:crypto';
import { answered } from '../enrollment/faults.ts';
import { type Answer, type DirectStudy, ELIGIBLE, resultsOf, signedConsent } from '../support/scenario.ts';

export type Case = { study: DirectStudy; patientId: string; enrollmentId: string; signedAtMs: number };
export type Asked = 'results' | 'decision' | 'invalidation' | 'consent' | 'randomisation';

/** Each asks under one key until there is an answer, as a careful client does; bounded. */
export const ask = {
  results: ({ study, enrollmentId }: Case, values: Record<string, unknown> = ELIGIBLE, more: Record<string, unknown> = {}) => {
    const [key, body] = [randomUUID(), { results: resultsOf(values, more) }];
    return answered(() => study.clinician.post(`/enrollments/${enrollmentId}/screening-results`, body, key));
  },
  decision: ({ study, enrollmentId }: Case) => {
    const key = randomUUID();
    return answered(() => study.decide(enrollmentId, 'eligible', { key }));
  },
  invalidation: ({ study, enrollmentId }: Case) => {
    const key = randomUUID();
    return answered(() => study.invalidate(enrollmentId, key));
  },
  consent: ({ study, enrollmentId }: Case) => {
    const [key, body] = [randomUUID(), { consent: { ...signedConsent(new Date()), version: '2.0' } }];
    return answered(() => study.clinician.post(`/enrollments/${enrollmentId}/consents`, body, key));
  },
  randomisation: ({ study, enrollmentId }: Case) => {
    const key = randomUUID();
    return answered(() => study.randomise(enrollmentId, { key }));
  },
} satisfies Record<Asked, (one: Case) => Promise<Answer>>;
