import { createTransport } from 'nodemailer';
import { within } from '../common/index.ts';

export type MailerOptions = {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  smtpUrl: string;
  /** Address that the mail comes from. */
  from: string;
  /** Connecting, greeting and each answer may take this long, and so may the whole of one mail. Milliseconds. */
  timeoutMs: number;
};

export type Mail = { to: string; subject: string; text: string; messageId: string };

export type Mailer = {
  /** Domain of the sender, for Message-IDs. */
  readonly domain: string;
  /** Resolves when the server has taken the mail; otherwise throws a MailError. */
  send(mail: Mail): Promise<void>;
  /** Resolves when the server answers and accepts our login; otherwise throws a MailError. */
  verify(): Promise<void>;
  close(): void;
};

/** Why a mail did not go out. Never holds an address: the server's own text, which may, is not kept. */
export class MailError extends Error {
  override readonly name = 'MailError';
  readonly code: 'mailbox_refused' | 'mail_unavailable';

  constructor(code: 'mailbox_refused' | 'mail_unavailable') {
    super(code);
    this.code = code;
  }
}

/** A pool of at most five SMTP connections. A server that is down shows in the first mail, not here. */
export function createMailer({ smtpUrl, from, timeoutMs }: MailerOptions): Mailer {
  const url = new URL(smtpUrl);
  const transport = createTransport({
    pool: true,
    maxConnections: 5,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (url.protocol === 'smtps:' ? 465 : 587)),
    secure: url.protocol === 'smtps:',
    ...(url.username
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    domain: from.slice(from.lastIndexOf('@') + 1).replace('>', ''),
    send: async ({ to, subject, text, messageId }) => {
      await bounded(timeoutMs, transport.sendMail({
        from,
        to,
        subject,
        text,
        messageId,
        // RFC 3834: keeps out-of-office answers from coming back.
        headers: { 'Auto-Submitted': 'auto-generated' },
      }));
    },
    verify: async () => {
      await bounded(timeoutMs, transport.verify());
    },
    close: () => transport.close(),
  };
}

/** A mail that waits for a slow server in the pool's queue ends in time, too. It may still go out later. */
async function bounded(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  try {
    await within(timeoutMs, work, () => new MailError('mail_unavailable'));
  } catch (error) {
    throw error instanceof MailError ? error : new MailError(codeOf(error));
  }
}

/** 5xx to the envelope or the message is the mailbox's refusal; all else (4xx, login, network) may pass. */
function codeOf(error: unknown): MailError['code'] {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return 'mail_unavailable';
  if (typeof responseCode !== 'number') return code === 'EENVELOPE' ? 'mailbox_refused' : 'mail_unavailable';
  return responseCode >= 500 ? 'mailbox_refused' : 'mail_unavailable';
}
