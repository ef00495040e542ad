import { type Guard, ON_ENROLLMENTS } from '../common/authority/index.ts';
import type { SiteDeps } from './deps.ts';

/** Who may call what of Site through the edge (see `common/authority/authorise.ts`). */
export const guards: Record<string, Guard<SiteDeps>> = {
  getSite: { for: ['getSite', 'createSite', ...ON_ENROLLMENTS] },
  getSiteByCode: 'lookup',
  listSites: { for: ['listSites'] },
  getActivation: { for: [] },
  // What is outside of the grant is left out.
  listActivations: { for: ['getStudy'] },
  createSite: { for: ['createSite'] },
  activateSite: { for: ['activateSite'] },
  listAuditEntries: { for: ['listAuditEntries'] },
};
