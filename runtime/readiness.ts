import type { Client } from '@temporalio/client';
import type { ServiceDatabase } from '../db/index.ts';
import type { Mailer } from '../services/notification/index.ts';

const BOUND_MS = 2000;

/** Asks every dependency, each bounded in time: `ok`, or `unavailable`. */
export function readinessOf(parts: { databases: ServiceDatabase[]; client: Client; mailer: Mailer }): () => Promise<Record<string, string>> {
  const checks: Record<string, () => Promise<unknown>> = {
    ...Object.fromEntries(parts.databases.map((db) => [`database_${db.schema}`, () => db.ping()])),
    temporal: () => parts.client.connection.withDeadline(Date.now() + BOUND_MS, () => parts.client.workflowService.getSystemInfo({})),
    mail: () => parts.mailer.verify(),
  };
  return async () => {
    const entries = Object.entries(checks).map(async ([name, check]) => [name, await state(check)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
}

async function state(check: () => Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('unavailable'), BOUND_MS);
  });
  try {
    return await Promise.race([check().then(() => 'ok', () => 'unavailable'), late]);
  } finally {
    clearTimeout(timer);
  }
}
