import { randomUUID } from 'node:crypto';
import type { DirectStudy } from '../support/scenario.ts';
import { answered } from './faults.ts';

/** An operator's word, insisted on until it has an answer. */
export function resolve(study: DirectStudy, enrollmentId: string, action: 'retry' | 'skip' | 'abort', key: string = randomUUID()) {
  return answered(() => study.resolve(enrollmentId, action, key));
}

/** A withdrawal, insisted on until it has an answer. */
export function withdraw(study: DirectStudy, enrollmentId: string, scope = 'interventions', key: string = randomUUID()) {
  return answered(() => study.withdraw(enrollmentId, scope, key));
}
