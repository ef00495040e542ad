// Real: the SMTP server, nodemailer, the files. No stand-ins.
import { readdirSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { startMailbox } from '../../runtime/embedded/mailbox.ts';
import { afterwards, closedFolder } from './host.ts';

async function open(options: Parameters<typeof startMailbox>[0] = {}) {
  const mailbox = await startMailbox(options);
  const transport = createTransport(mailbox.smtpUrl);
  afterwards(async () => {
    transport.close();
    await mailbox.stop();
  });
  const send = (mail: { to: string; messageId: string; text?: string }) =>
    transport.sendMail({ from: 'trial@site.example', subject: 'Enrolled', text: 'done', ...mail });
  return { mailbox, send };
}

describe('the embedded mailbox', () => {
  it('should accept a second delivery of the same Message-ID and keep one mail, also after a restart', async () => {
    const dir = closedFolder();
    const { mailbox, send } = await open({ dir });
    const mail = { to: 'doctor@site.example', messageId: '<one@trial.example>' };
    await Promise.all([send(mail), send(mail)]);
    await mailbox.stop();
    const again = await open({ dir });
    await again.send(mail);
    await again.send({ ...mail, messageId: '<two@trial.example>' });
    const messages = await again.mailbox.messages();
    expect(messages.map(({ messageId }) => messageId)).toEqual(['<one@trial.example>', '<two@trial.example>']);
    expect(messages[0]).toMatchObject({ to: ['doctor@site.example'], subject: 'Enrolled' });
    expect(readdirSync(dir).filter((name) => !/^[0-9a-f]{64}\.eml$/.test(name))).toEqual([]);
  });

  it('should refuse with 550 what a full mailbox refuses, and keep nothing of it', async () => {
    const { mailbox, send } = await open();
    const refused = send({ to: 'Doctor@Mailbox-Full.example', messageId: '<three@trial.example>' });
    await expect(refused).rejects.toMatchObject({ responseCode: 550 });
    expect(await mailbox.messages()).toEqual([]);
  });

  it('should refuse a mail over 1 MB, and take the next one', async () => {
    const { mailbox, send } = await open();
    const mail = { to: 'doctor@site.example', messageId: '<four@trial.example>' };
    await expect(send({ ...mail, text: 'x'.repeat(1_200_000) })).rejects.toMatchObject({ responseCode: 552 });
    await send(mail);
    expect(await mailbox.messages()).toHaveLength(1);
  });
});
