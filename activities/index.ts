export type { OnUnexpected } from './adapt.ts';
export { type EdcActivities, edcActivities } from './edc.ts';
export { type NotificationActivities, notificationActivities } from './notification.ts';
export { type OperationsActivities, operationsActivities, type OperationsPort } from './operations.ts';
export { type PatientActivities, patientActivities } from './patient.ts';
export { type SiteActivities, siteActivities } from './site.ts';
export { type StudyActivities, studyActivities } from './study.ts';
