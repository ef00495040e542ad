import type { Guard } from '../common/authority/index.ts';
import type { NotificationDeps } from './deps.ts';

/** No operation of the edge reads messages yet; its trail is read as that of the others. */
export const guards: Record<string, Guard<NotificationDeps>> = {
  listMessages: { for: [] },
  listAuditEntries: { for: ['listAuditEntries'] },
};
