import { asc, eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { Read } from '../common/index.ts';
import type { NotificationDeps } from './deps.ts';
import { messages } from './tables.ts';

const MOST_MESSAGES = 200;

/** What was mailed about an enrollment, to whom and in what state, oldest first, at most 200; addresses are left out. */
export async function listMessages({ db }: NotificationDeps, { input }: Read<{ enrollmentId: string }>) {
  const rows = await read(db, (orm) =>
    orm.select().from(messages).where(eq(messages.enrollmentId, input.enrollmentId)).orderBy(asc(messages.id)).limit(MOST_MESSAGES),
  );
  return {
    items: rows.map(({ id, kind, recipient, role, status, attempts, lastFailure, createdAt, sentAt }) => ({
      id,
      kind,
      recipient,
      role,
      status,
      attempts,
      lastFailure,
      createdAt: createdAt.toISOString(),
      sentAt: sentAt?.toISOString() ?? null,
    })),
  };
}

export type MessageInfo = Awaited<ReturnType<typeof listMessages>>['items'][number];
