import { inProcessClient } from '../common/index.ts';
import type { NotificationService } from './index.ts';

const VERBS = ['sendNotice', 'listMessages'] as const;

/** What the API and other services may call. */
export type NotificationClient = Pick<NotificationService, (typeof VERBS)[number]>;

export function notificationClient(service: NotificationService, deadlineMs: number): NotificationClient {
  return inProcessClient('notification', service, { verbs: VERBS, deadlineMs });
}
