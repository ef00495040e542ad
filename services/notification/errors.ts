import { DomainError } from '../common/index.ts';

/** Roles of those whom the mail did not reach, for the operator; never their names or addresses. */
type Missed = { roles: string[]; sent: number; recipients: number };

/** A mailbox refuses for good (SMTP 5xx): trying again changes nothing before somebody corrects the address. */
export const mailboxRefused = (missed: Missed) =>
  new DomainError('conflict', 'mailbox_refused', `The mailbox of ${missed.roles.join(', ')} refuses the mail.`, {
    retryable: false,
    details: missed,
  });

/** The mail server can't be reached or asks to come back later (SMTP 4xx). */
export const mailUnavailable = (missed: Missed) =>
  new DomainError('unavailable', 'mail_unavailable', `The mail to ${missed.roles.join(', ')} could not be handed over now.`, {
    details: missed,
  });
