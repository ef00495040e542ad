import { rpcTable } from '../common/rpc/index.ts';
import { NotificationService as Desc } from './notification_pb.js';

/** What others may call of Notification, and who. */
export const notificationRpc = rpcTable(Desc, {
  listMessages: { method: 'listMessages', callers: ['api', 'ops'] },
  listAuditEntries: { method: 'listAuditEntries', callers: ['api'] },
});
