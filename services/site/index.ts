import { listAuditEntriesIn } from '../common/audit/list-audit-entries.ts';
import { rewrapDataKeysIn } from '../common/rewrap-data-keys.ts';
import { ledger } from './ledger.ts';
import { authoriseWith } from '../common/authority/index.ts';
import { type Bound, bindVerbs } from '../common/index.ts';
import { guards } from './guards.ts';
import { activateSite } from './activate-site.ts';
import { confirmSlot } from './confirm-slot.ts';
import { countSlots } from './count-slots.ts';
import { createSite } from './create-site.ts';
import type { SiteDeps } from './deps.ts';
import { freeSlot } from './free-slot.ts';
import { getActivation } from './get-activation.ts';
import { getSiteByCode } from './get-site-by-code.ts';
import { getSite } from './get-site.ts';
import { listActivations } from './list-activations.ts';
import { listSites } from './list-sites.ts';
import { releaseSlot } from './release-slot.ts';
import { reserveSlot } from './reserve-slot.ts';
import { settleSlotConfirmation } from './settle-slot-confirmation.ts';
import { unconfirmSlot } from './unconfirm-slot.ts';

const verbs = {
  createSite,
  activateSite,
  reserveSlot,
  releaseSlot,
  confirmSlot,
  settleSlotConfirmation,
  unconfirmSlot,
  freeSlot,
  countSlots,
  getSite,
  getSiteByCode,
  listSites,
  getActivation,
  listActivations,
  rewrapDataKeys: rewrapDataKeysIn(ledger),
  listAuditEntries: listAuditEntriesIn(ledger, { identifying: false }),
  authorise: authoriseWith(guards),
};

/** Written out, not inferred from `siteService`: Study's and Site's types refer to each other. */
export type SiteService = Bound<SiteDeps, typeof verbs>;

/** Site: institutions, their activation for a study, the cap and the slots. */
export function siteService(deps: SiteDeps): SiteService {
  return bindVerbs(deps, verbs);
}

export type { SiteDeps } from './deps.ts';
export type { CapNotice, ConfirmedSlot, ConfirmSlot, SlotIsConfirmed } from './confirm-slot.ts';
export type { ReleaseSlot } from './release-slot.ts';
export type { ReservedSlot, ReserveSlot } from './reserve-slot.ts';
export * from './schemas.ts';
