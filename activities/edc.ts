import type { EdcService } from '../services/edc/index.ts';
import { asActivities, type OnUnexpected } from './adapt.ts';

/** What workflows may ask of the Edc service. */
export function edcActivities(service: EdcService, onUnexpected: OnUnexpected) {
  return asActivities(
    {
      openScreening: service.openScreening,
      closeScreening: service.closeScreening,
      recordScreeningResults: service.recordScreeningResults,
      settleStep: service.settleStep,
      openCasebook: service.openCasebook,
      closeCasebook: service.closeCasebook,
      startEpro: service.startEpro,
      stopEpro: service.stopEpro,
      stopDataCollection: service.stopDataCollection,
    },
    onUnexpected,
  );
}

export type EdcActivities = ReturnType<typeof edcActivities>;
