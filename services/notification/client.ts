import { type Channel, rpcClient } from '../common/rpc/index.ts';
import type { NotificationService } from './index.ts';
import { NotificationService as Desc } from './notification_pb.js';
import { notificationRpc } from './rpc.ts';

/** What the API and other services may call. */
export type NotificationClient = Pick<NotificationService, keyof typeof notificationRpc>;

export function notificationClient(channel: Channel): NotificationClient {
  return rpcClient(Desc, notificationRpc, channel);
}
