import { type Channel, rpcClient } from '../common/rpc/index.ts';
import { EdcService as Desc } from './edc_pb.js';
import type { EdcService } from './index.ts';
import { edcRpc } from './rpc.ts';

/** What the API and other services may call. */
export type EdcClient = Pick<EdcService, keyof typeof edcRpc>;

export function edcClient(channel: Channel): EdcClient {
  return rpcClient(Desc, edcRpc, channel);
}
