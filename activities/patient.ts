import type { PatientService } from '../services/patient/index.ts';
import { asActivities, type OnUnexpected } from './adapt.ts';

/** What workflows may ask of the Patient service. */
export function patientActivities(service: PatientService, onUnexpected: OnUnexpected) {
  return asActivities(
    {
      recordConsent: service.recordConsent,
      settleStep: service.settleStep,
      markBreakGlassTold: service.markBreakGlassTold,
    },
    onUnexpected,
  );
}

export type PatientActivities = ReturnType<typeof patientActivities>;
