import { authoriseWith } from '../common/authority/index.ts';
import { bindVerbs } from '../common/index.ts';
import { listAuditEntriesIn } from '../common/audit/list-audit-entries.ts';
import { rewrapDataKeysIn } from '../common/rewrap-data-keys.ts';
import { settleStepIn } from '../common/settle-step.ts';
import { addHistory } from './add-history.ts';
import { amendPerson } from './amend-person.ts';
import { consentOfEnrollment } from './consent-of-enrollment.ts';
import { consentInForce } from './consent-in-force.ts';
import { contactOf } from './contact-of.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { breakGlass } from './break-glass/break-glass.ts';
import { listUntoldBreakGlass, markBreakGlassTold } from './break-glass/untold.ts';
import { erasePerson } from './erase-person.ts';
import { guards } from './guards.ts';
import { getConsent } from './get-consent.ts';
import { getPerson } from './get-person.ts';
import { getPersons } from './get-persons.ts';
import { listConsents } from './list-consents.ts';
import { listDisclosures } from './list-disclosures.ts';
import { listHistory } from './list-history.ts';
import { markConsentEnteredInError } from './mark-consent-entered-in-error.ts';
import { missingSigners } from './missing-signers.ts';
import { recordConsent } from './record-consent.ts';
import { registerPerson } from './register-person.ts';
import { searchPersons } from './search-persons.ts';
import { sitesOfPerson } from './sites-of-person.ts';

/** Persons, their identifiers, medical history and signed consents. */
export function patientService(deps: PatientDeps) {
  return bindVerbs(deps, {
    registerPerson,
    amendPerson,
    addHistory,
    recordConsent,
    markConsentEnteredInError,
    erasePerson,
    breakGlass,
    listUntoldBreakGlass,
    markBreakGlassTold,
    getPerson,
    getPersons,
    searchPersons,
    listHistory,
    listConsents,
    getConsent,
    consentOfEnrollment,
    consentInForce,
    sitesOfPerson,
    contactOf,
    missingSigners,
    settleStep: settleStepIn(ledger),
    rewrapDataKeys: rewrapDataKeysIn(ledger),
    listAuditEntries: listAuditEntriesIn(ledger, { identifying: true }),
    listDisclosures,
    authorise: authoriseWith(guards),
  });
}

export type PatientService = ReturnType<typeof patientService>;
export type { PatientDeps } from './deps.ts';
export type { ConsentInfo } from './consent-view.ts';
export type { Disclosure } from './list-disclosures.ts';
export type { HistoryInfo } from './list-history.ts';
export type { MissingSigners } from './missing-signers.ts';
export type { PatientInfo } from './person-view.ts';
export type { RecordConsent } from './record-consent.ts';
export * from './schemas.ts';
