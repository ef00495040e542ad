import { inProcessClient } from '../common/index.ts';
import type { SiteService } from './index.ts';

const VERBS = [
  'createSite',
  'activateSite',
  'reserveSlot',
  'releaseSlot',
  'confirmSlot',
  'settleSlotConfirmation',
  'unconfirmSlot',
  'freeSlot',
  'getSite',
  'getSiteByCode',
  'listSites',
  'getActivation',
  'listActivations',
] as const satisfies readonly (keyof SiteService)[];

/** What others may call. */
export type SiteClient = Pick<SiteService, (typeof VERBS)[number]>;

/** Site as others see it: each call is answered within `deadlineMs`, or refused with `service_timeout`. */
export function siteClient(service: SiteService, deadlineMs: number): SiteClient {
  return inProcessClient('site', service, { verbs: VERBS, deadlineMs });
}
