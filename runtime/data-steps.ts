import { createSecretKey } from 'node:crypto';
import type { DataSteps } from '../db/data-steps.ts';
import { createVault, type DatabaseSecrets } from '../db/index.ts';
import type { ServiceName } from '../db/provision.ts';
import { notificationDataSteps } from '../services/notification/data-steps.ts';
import { patientDataSteps } from '../services/patient/data-steps.ts';

/** What a service's migrations have to do to rows that are there, with the keys of this installation. */
export function dataStepsOf(service: ServiceName, secrets: DatabaseSecrets): DataSteps {
  const vault = createVault({ schema: service, keys: secrets.keys });
  switch (service) {
    case 'patient':
      return patientDataSteps({ vault, indexKey: createSecretKey(secrets.indexKey) });
    case 'notification':
      return notificationDataSteps({ vault });
    default:
      return {};
  }
}
