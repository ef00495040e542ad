import { type Channel, rpcClient } from '../common/rpc/index.ts';
import type { SiteService } from './index.ts';
import { siteRpc } from './rpc.ts';
import { SiteService as Desc } from './site_pb.js';

/** What the API and other services may call. */
export type SiteClient = Pick<SiteService, keyof typeof siteRpc>;

export function siteClient(channel: Channel): SiteClient {
  return rpcClient(Desc, siteRpc, channel);
}
