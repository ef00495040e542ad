import type { SiteService } from '../services/site/index.ts';
import { asActivities, type OnUnexpected } from './adapt.ts';

/** What workflows may ask of the Site service. */
export function siteActivities(service: SiteService, onUnexpected: OnUnexpected) {
  return asActivities(
    {
      reserveSlot: service.reserveSlot,
      releaseSlot: service.releaseSlot,
      confirmSlot: service.confirmSlot,
      settleSlotConfirmation: service.settleSlotConfirmation,
      unconfirmSlot: service.unconfirmSlot,
      freeSlot: service.freeSlot,
    },
    onUnexpected,
  );
}

export type SiteActivities = ReturnType<typeof siteActivities>;
