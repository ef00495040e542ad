import type { Client } from '@temporalio/client';
import type { ServiceDatabase } from '../db/index.ts';
import { within } from '../services/common/index.ts';
import type { Mailer } from '../services/notification/index.ts';

const BOUND_MS = 2000;

/** Asks every dependency, each bounded in time: `ok`, or `unavailable`. */
export function readinessOf(parts: { databases: ServiceDatabase[]; client: Client; mailer?: Mailer; issuer?: (() => Promise<void>) | undefined }): () => Promise<Record<string, string>> {
  const checks: Record<string, () => Promise<unknown>> = {
    ...Object.fromEntries(parts.databases.map((db) => [`database_${db.schema}`, () => db.ping()])),
    temporal: () => parts.client.connection.withDeadline(Date.now() + BOUND_MS, () => parts.client.workflowService.getSystemInfo({})),
  };
  const { mailer, issuer } = parts;
  if (mailer) checks['mail'] = () => mailer.verify();
  if (issuer) checks['issuer'] = issuer;
  return async () => {
    const entries = Object.entries(checks).map(async ([name, check]) => [name, await state(check)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
}

async function state(check: () => Promise<unknown>): Promise<string> {
  try {
    await within(BOUND_MS, check(), () => new Error('no answer in time'));
    return 'ok';
  } catch {
    return 'unavailable';
  }
}
