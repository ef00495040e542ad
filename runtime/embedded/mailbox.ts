import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { SMTPServer } from 'smtp-server';
import { folderMailStore, mailId, memoryMailStore } from './mail-store.ts';
import type { MailStore, StoredMail } from './mail-store.ts';

const MAX_MAIL_BYTES = 1024 * 1024;
const MAX_CLIENTS = 50;
const MAX_RECIPIENTS = 50;
const MAX_LISTED = 1_000;
const IDLE_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 1_000;
const REFUSING_DOMAIN = '@mailbox-full.example';

export interface MailboxMessage extends StoredMail {
  readonly messageId: string;
  readonly to: readonly string[];
  /** As sent: RFC 2047 words are not decoded. */
  readonly subject: string;
}

export interface Mailbox {
  /** Such as `smtp://127.0.0.1:2525`; no authentication, no TLS. */
  readonly smtpUrl: string;
  /** The newest mails (at most `limit`, 1,000 by default and at most), oldest first. */
  messages(limit?: number): Promise<MailboxMessage[]>;
  stop(): Promise<void>;
}

interface MailboxOptions {
  /** Keeps each mail as an `.eml` file; in memory without it. */
  dir?: string;
  /** Recipients that are refused with 550; by default everyone at `mailbox-full.example`. */
  refuse?: (address: string) => boolean;
}

/**
 * A real SMTP server on 127.0.0.1 for machines without one. A second delivery of the same Message-ID is accepted and
 * dropped, so that "sent twice" after a crash of the sender never becomes "received twice".
 */
export async function startMailbox({ dir, refuse = refusesByDomain }: MailboxOptions = {}): Promise<Mailbox> {
  const store = dir === undefined ? memoryMailStore() : folderMailStore(dir);
  const smtp = new SMTPServer({
    name: 'localhost',
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MAX_MAIL_BYTES,
    maxClients: MAX_CLIENTS,
    socketTimeout: IDLE_TIMEOUT_MS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    onRcptTo: ({ address }, session, done) => {
      if (refuse(address.toLowerCase())) done(smtpError({ code: 550, text: 'mailbox unavailable' }));
      else if (session.envelope.rcptTo.length >= MAX_RECIPIENTS) done(smtpError({ code: 452, text: 'too many recipients' }));
      else done();
    },
    onData: (stream, session, done) => {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      receive({ stream, to, store }).then(() => done(), done);
    },
  });
  // A client that breaks off mid-way is its own problem; without a listener it would end this process.
  smtp.on('error', () => undefined);
  const listener = smtp.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    smtpUrl: `smtp://127.0.0.1:${port}`,
    messages: async (limit = MAX_LISTED) => (await store.newest(Math.min(limit, MAX_LISTED))).map(toMessage),
    stop: () => new Promise<void>((resolve) => smtp.close(() => resolve())),
  };
}

async function receive({ stream, to, store }: { stream: Readable; to: readonly string[]; store: MailStore }): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read to its end all the same: the answer is due only then.
    if (bytes <= MAX_MAIL_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_MAIL_BYTES) throw smtpError({ code: 552, text: 'message too large' });
  const content = Buffer.concat(chunks).toString('utf8');
  const raw = `${to.map((address) => `Delivered-To: ${address}\r\n`).join('')}${content}`;
  await store.add({ id: mailId(headerOf({ raw: content, name: 'Message-ID' }) || content), raw });
}

function toMessage(mail: StoredMail): MailboxMessage {
  const { raw } = mail;
  const to = [...headersIn(raw).matchAll(/^Delivered-To: (.+)$/gim)].map(([, address = '']) => address.trim());
  return { ...mail, to, messageId: headerOf({ raw, name: 'Message-ID' }), subject: headerOf({ raw, name: 'Subject' }) };
}

/** Unfolded, so that one header is one line (RFC 5322, 2.2.3). */
function headersIn(raw: string): string {
  const [headers = ''] = raw.split(/\r?\n\r?\n/, 1);
  return headers.replaceAll(/\r?\n[ \t]+/g, ' ');
}

function headerOf({ raw, name }: { raw: string; name: string }): string {
  const line = headersIn(raw).split(/\r?\n/).find((text) => text.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim() ?? '';
}

function refusesByDomain(address: string): boolean {
  return address.endsWith(REFUSING_DOMAIN);
}

function smtpError({ code, text }: { code: number; text: string }): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
