import { ROLES, type Role } from '../context.ts';

/**
 * What a role may reach with an operation:
 * - `any`   everything;
 * - `site`  what belongs to one of the caller's sites; anything else is 404, the caller may not know of it;
 * - `site-code` as `site`, told by the code in the thing's own record: the Site service is not asked, so it may be away;
 * - `study` what belongs to one of the caller's studies (and, when the token names sites, to one of those); else 404;
 * - `self`  the caller's own record; else 404;
 * - `no-participant` what is about no participant: the system's own; else 404;
 * - `403`   nothing, and that such things exist is no secret;
 * - `404`   nothing, and the caller may not know of them.
 */
export type Access = 'any' | 'site' | 'site-code' | 'study' | 'self' | 'no-participant' | '403' | '404';
export type Scope = Exclude<Access, '403' | '404'>;

type Row = readonly [
  clinician: Access,
  investigator: Access,
  coordinator: Access,
  dataManager: Access,
  monitor: Access,
  sponsor: Access,
  medicalMonitor: Access,
  pharmacist: Access,
  statistician: Access,
  privacyOfficer: Access,
  ops: Access,
  auditor: Access,
  patient: Access,
  admin: Access,
];

/**
 * Who may do what (ICH E6(R3) 4.1, 21 CFR 11.10(g)), one row per operation, columns in the order of `ROLES`.
 * An operation without a row is denied. The thoughts behind it:
 * - clinicians, investigators and coordinators act for the participants of their own sites; data managers read them;
 * - monitor, sponsor, medical monitor, pharmacist and statistician see enrollments under a pseudonym, never persons;
 * - identifiers are revealed to the treating physicians of the site, to the privacy officer and to the person, audited;
 * - in an emergency a treating physician opens one person's record wherever that is, for an hour, told and audited;
 * - ops keep enrollments moving (`resolve`) without any personal data; an admin may stand in for them;
 * - the auditor (inspector) reads everything, masked, and changes nothing;
 * - the set-up of studies and sites is the admin's;
 * - an arm is for pharmacist and statistician by their task, the list for the statistician alone. Others see an arm only
 *   when two persons have unblinded (Study decides that; until then `still_blinded`). Those two answer for the trial
 *   as a whole (sponsor, medical monitor, statistician), never for a site, and the auditor sees who they were;
 * - the code is broken by investigators of the subject's own site, who answer for the person's safety;
 * - what Temporal keeps names signers and has reasons and results in it, unmasked and under no pseudonym: it is opened in
 *   its UI for investigators and coordinators of the site, who have entered it. Ops and the privacy officer open what is
 *   about no participant, such as reports of incidents; everybody else reads the masked or pseudonymous views.
 */
const TABLE = {
  //                          clinician invest. coordin. data-m. monitor sponsor  med-mon  pharm.  statist. privacy ops    auditor patient admin
  registerPatient:           ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],
  getPatient:                ['site',  'site',  'site',  'site', '403',  '403',   '403',   '403',  '403',  'any',  '403', 'any',  'self', '403'],
  revealPatient:             ['site',  'site',  '403',   '403',  '403',  '403',   '403',   '403',  '403',  'any',  '403', '403',  'self', '403'],
  amendPatient:              ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],
  searchPatients:            ['site',  'site',  'site',  'site', '403',  '403',   '403',   '403',  '403',  'any',  '403', 'any',  '403',  '403'],
  breakGlass:                ['any',   'any',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],
  listHistory:               ['site',  'site',  'site',  'site', '403',  '403',   '403',   '403',  '403',  '403',  '403', 'any',  'self', '403'],
  addHistory:                ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],
  listConsents:              ['site',  'site',  'site',  'site', '403',  '403',   '403',   '403',  '403',  'any',  '403', 'any',  'self', '403'],
  recordConsent:             ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],
  listDisclosures:           ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  'any',  '403', 'any',  'self', '403'],
  markConsentEnteredInError: ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],

  listSites:                 ['any',   'any',   'any',   'any',  'any',  'any',   'any',   'any',  'any',  'any',  'any', 'any',  '403',  'any'],
  getSite:                   ['any',   'any',   'any',   'any',  'any',  'any',   'any',   'any',  'any',  'any',  'any', 'any',  '403',  'any'],
  createSite:                ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],

  listStudies:               ['any',   'any',   'any',   'any',  'study', 'study', 'study', 'any', 'study', 'any', 'any', 'any',  '403',  'any'],
  getStudy:                  ['any',   'any',   'any',   'any',  'study', 'study', 'study', 'any', 'study', 'any', 'any', 'any',  '403',  'any'],
  createStudy:               ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  addProtocolVersion:        ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  activateSite:              ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  addConsentVersion:         ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  addInvestigator:           ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  addContact:                ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  addDelegation:             ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  endDelegation:             ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  'any'],
  getEnrollmentSummary:      ['site',  'site',  'site',  'site', 'study', 'study', 'study', 'site', 'study', '403', 'any', 'any', '403',  'any'],
  getConsortDiagram:         ['site',  'site',  'site',  'site', 'study', 'study', 'study', 'site', 'study', '403', 'any', 'any', '403',  'any'],
  logScreeningRefusal:       ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],
  listScreeningLog:          ['site',  'site',  'site',  'site', 'study', 'study', 'study', '403', 'study', '403', '403', 'any',  '403',  '403'],

  createEnrollment:          ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '403',  '403'],
  listEnrollments:           ['site',  'site',  'site',  'site', 'study', 'study', 'study', 'site', 'study', '403', 'any', 'any', 'self', 'any'],
  getEnrollment:             ['site',  'site',  'site',  'site', 'study', 'study', 'study', 'site', 'study', '403', 'any', 'any', 'self', 'any'],
  getEnrollmentTimeline:     ['site',  'site',  'site',  'site', 'study', 'study', 'study', 'site', 'study', '403', 'any', 'any', '404',  'any'],
  recordReconsent:           ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '404',  '403'],
  recordScreeningResults:    ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '404',  '403'],
  listScreeningResults:      ['site',  'site',  'site',  'site', 'study', '403',  'study', '403',  '403',  '403',  '403', 'any',  '404',  '403'],
  decideEligibility:         ['site',  'site',  '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '404',  '403'],
  invalidateEligibility:     ['site',  'site',  '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '404',  '403'],
  getEligibility:            ['site',  'site',  'site',  'site', 'study', '403',  'study', '403',  '403',  '403',  '403', 'any',  '404',  '403'],
  requestRandomisation:      ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '404',  '403'],
  withdrawParticipant:       ['site',  'site',  'site',  '403',  '403',  '403',   '403',   '403',  '403',  '403',  '403', '403',  '404',  '403'],
  resolveEnrollment:         ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '404',  'any'],
  listDeviations:            ['site',  'site',  'site',  'site', 'study', 'study', 'study', '403', 'study', '403', '403', 'any',  '404',  '403'],
  logDeviation:              ['site',  'site',  'site',  '403',  'study', '403',  'study', '403',  '403',  '403',  '403', '403',  '404',  '403'],

  getRandomisationList:      ['403',   '403',   '403',   '403',   '403',  '403',   '403',    '403',  'study', '403',  '403', '403',  '403',  '403'],
  getTreatmentAssignment:    ['403',   'site',  '403',   '403',   'study', 'study', 'study',  'site', 'study', '403',  '403', '403',  '404',  '403'],
  breakCode:                 ['403',   'site-code', '403',   '403',   '403',  '403',   '403',    '403',  '403',   '403',  '403', '403',  '404',  '403'],
  requestUnblinding:         ['403',   '403',   '403',   '403',   '403',  'study', 'study',  '403',  'study', '403',  '403', '403',  '403',  '403'],
  approveUnblinding:         ['403',   '403',   '403',   '403',   '403',  'study', 'study',  '403',  'study', '403',  '403', '403',  '403',  '403'],
  listUnblindings:           ['403',   '403',   '403',   '403',   '403',  'study', 'study',  '403',  'study', '403',  '403', 'any',  '403',  '403'],
  listAuditEntries:          ['403',   '403',   '403',   '403',   '403',  '403',   '403',    '403',  '403',   'any',  '403', 'any',  '403',  '403'],
  correctBaseline:           ['site',  'site',  'site',  '403',   '403',  '403',   '403',    '403',  '403',   '403',  '403', '403',  '404',  '403'],

  listStuck:                 ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  showRun:                   ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  listQueues:                ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  diagnose:                  ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  retryRun:                  ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  startBulkRetry:            ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  getBulkRetry:              ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  stopBulkRetry:             ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  controlActivity:           ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  resetRun:                  ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],
  unpauseRun:                ['403',   '403',   '403',   '403',  '403',  '403',   '403',   '403',  '403',  '403',  'any', '403',  '403',  'any'],

  decodePayloads:            ['403',   'site',  'site',  '403',   '403',  '403',   '403',    '403',  '403',   'no-participant', 'no-participant', '403', '403', '403'],
} as const satisfies Record<string, Row>;

/** The id of an operation: its row in the policy and its operationId in the OpenAPI document. */
export type OperationId = keyof typeof TABLE;
export const OPERATIONS = Object.keys(TABLE) as OperationId[];

/** `reveal=true` on `getPatient` asks for more than the route itself: a row of its own, without a route. */
export const ROWS_WITHOUT_ROUTE: readonly OperationId[] = ['revealPatient'];

/** What this role may reach with this operation; an operation that has no row is denied. */
export function accessOf(operation: string | undefined, role: Role): Access {
  if (operation === undefined || !Object.hasOwn(TABLE, operation)) return '403';
  return TABLE[operation as OperationId][ROLES.indexOf(role)] ?? '403';
}
