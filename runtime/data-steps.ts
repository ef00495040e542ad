import { createSecretKey } from 'node:crypto';
import { sealAuditStep } from '../db/audit-step.ts';
import type { DataSteps } from '../db/data-steps.ts';
import { createVault, type DatabaseSecrets } from '../db/index.ts';
import type { ServiceName } from '../db/provision.ts';
import { edcDataSteps } from '../services/edc/data-steps.ts';
import { notificationDataSteps } from '../services/notification/data-steps.ts';
import { patientDataSteps } from '../services/patient/data-steps.ts';
import { studyDataSteps } from '../services/study/data-steps.ts';

/** The migration of each service that seals the audit rows which were there. */
const AUDIT_SEALED: Record<ServiceName, string> = {
  patient: '0005_audit_sealed',
  study: '0007_audit_sealed',
  site: '0002_audit_sealed',
  edc: '0003_audit_sealed',
  notification: '0004_audit_sealed',
};

/** What a service's migrations have to do to rows that are there, with the keys of this installation. */
export function dataStepsOf(service: ServiceName, secrets: DatabaseSecrets): DataSteps {
  const vault = createVault({ schema: service, keys: secrets.keys });
  const audit = { [AUDIT_SEALED[service]]: sealAuditStep({ schema: service, vault }) };
  switch (service) {
    case 'patient':
      return { ...audit, ...patientDataSteps({ vault, indexKey: createSecretKey(secrets.indexKey) }) };
    case 'notification':
      return { ...audit, ...notificationDataSteps({ vault }) };
    case 'study':
      return { ...audit, ...studyDataSteps({ vault }) };
    case 'edc':
      return { ...audit, ...edcDataSteps({ vault }) };
    default:
      return audit;
  }
}
