import { rpcTable } from '../common/rpc/index.ts';
import { SiteService as Desc } from './site_pb.js';

/** What others may call of Site, and who. */
export const siteRpc = rpcTable(Desc, {
  getSite: { method: 'getSite', callers: ['api', 'edc', 'ops'], result: 'site' },
  getSiteByCode: { method: 'getSiteByCode', callers: ['api', 'ops'], result: 'site' },
  listSites: { method: 'listSites', callers: ['api', 'ops'] },
  getActivation: { method: 'getActivation', callers: ['api', 'study', 'ops'], result: 'activation' },
  listActivations: { method: 'listActivations', callers: ['api', 'ops'] },
  createSite: { method: 'createSite', callers: ['api'] },
  activateSite: { method: 'activateSite', callers: ['api'] },
  listAuditEntries: { method: 'listAuditEntries', callers: ['api'] },
});
