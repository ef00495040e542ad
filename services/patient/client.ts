import { inProcessClient } from '../common/index.ts';
import type { PatientService } from './index.ts';

const VERBS = [
  'registerPerson',
  'amendPerson',
  'addHistory',
  'recordConsent',
  'markConsentEnteredInError',
  'getPerson',
  'searchPersons',
  'listHistory',
  'listConsents',
  'getConsent',
  'consentOfEnrollment',
  'sitesOfPerson',
  'contactOf',
  'missingSigners',
] as const;

/** What the API and other services may call. */
export type PatientClient = Pick<PatientService, (typeof VERBS)[number]>;

export function patientClient(service: PatientService, deadlineMs: number): PatientClient {
  return inProcessClient('patient', service, { verbs: VERBS, deadlineMs });
}
