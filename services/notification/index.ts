import { bindVerbs } from '../common/index.ts';
import type { NotificationDeps } from './deps.ts';
import { listMessages } from './list-messages.ts';
import { sendNotice } from './send-notice.ts';

/** Tells people by mail what happened with an enrollment. */
export function notificationService(deps: NotificationDeps) {
  return bindVerbs(deps, { sendNotice, listMessages });
}

export type NotificationService = ReturnType<typeof notificationService>;
export type { NotificationDeps } from './deps.ts';
export type { MessageInfo } from './list-messages.ts';
export { createMailer, type Mailer, type MailerOptions } from './mailer.ts';
export * from './schemas.ts';
