import { rpcTable } from '../common/rpc/index.ts';
import { PatientService as Desc } from './patient_pb.js';

/** What others may call of Patient, and who. */
export const patientRpc = rpcTable(Desc, {
  getPerson: { method: 'getPatient', callers: ['api'], result: 'patient' },
  getPersons: { method: 'batchGetPatients', callers: ['api'] },
  searchPersons: { method: 'searchPatients', callers: ['api'] },
  listHistory: { method: 'listHistory', callers: ['api'] },
  listConsents: { method: 'listConsents', callers: ['api'] },
  getConsent: { method: 'getConsent', callers: ['api'], result: 'consent' },
  consentOfEnrollment: { method: 'getConsentOfEnrollment', callers: ['api'], result: 'consent' },
  consentInForce: { method: 'checkConsentInForce', callers: ['edc', 'study'] },
  sitesOfPerson: { method: 'getSitesOfPatient', callers: ['api'], result: 'sites' },
  contactOf: { method: 'getContact', callers: ['notification'] },
  missingSigners: { method: 'listMissingSigners', callers: ['api'] },
  breakGlass: { method: 'breakGlass', callers: ['api'] },
  listUntoldBreakGlass: { method: 'listUntoldBreakGlass', callers: ['api'] },
  registerPerson: { method: 'registerPatient', callers: ['api'] },
  amendPerson: { method: 'amendPatient', callers: ['api'] },
  addHistory: { method: 'addHistory', callers: ['api'] },
  recordConsent: { method: 'recordConsent', callers: ['api'] },
  markConsentEnteredInError: { method: 'markConsentEnteredInError', callers: ['api'] },
  listAuditEntries: { method: 'listAuditEntries', callers: ['api'] },
  listDisclosures: { method: 'listDisclosures', callers: ['api'] },
});
