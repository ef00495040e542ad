import { authoriseWith } from '../common/authority/index.ts';
import { bindVerbs } from '../common/index.ts';
import { listAuditEntriesIn } from '../common/audit/list-audit-entries.ts';
import { rewrapDataKeysIn } from '../common/rewrap-data-keys.ts';
import { ledger, type NotificationDeps } from './deps.ts';
import { eraseRecipient } from './erase-recipient.ts';
import { guards } from './guards.ts';
import { listMessages } from './list-messages.ts';
import { countStuckCases } from './stuck-cases/count-stuck-cases.ts';
import { openStuckCases } from './stuck-cases/open-stuck-cases.ts';
import { reportStuck } from './stuck-cases/report-stuck.ts';
import { sendIncident } from './send-incident.ts';
import { sendNotice } from './send-notice.ts';

/** Tells people by mail what happened with an enrollment. */
export function notificationService(deps: NotificationDeps) {
  return bindVerbs(deps, { sendNotice, sendIncident, openStuckCases, countStuckCases, reportStuck, listMessages, eraseRecipient, rewrapDataKeys: rewrapDataKeysIn(ledger), listAuditEntries: listAuditEntriesIn(ledger, { identifying: true }), authorise: authoriseWith(guards) });
}

export type NotificationService = ReturnType<typeof notificationService>;
export type { Delivery, NotificationDeps } from './deps.ts';
export type { MessageInfo } from './list-messages.ts';
export { createMailer, type Mailer, type MailerOptions } from './mailer.ts';
export * from './schemas.ts';
