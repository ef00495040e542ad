import pino from 'pino';
import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { openApiDocument } from './openapi.ts';

/** The text of the committed `openapi.json`. Describing the routes calls none of them, so nothing need be connected. */
export function openApiJson(): string {
  const unconnected = new Proxy({}, { get: (_target, name) => () => Promise.reject(new Error(`not connected: ${String(name)}`)) });
  const deps: ApiDeps = {
    clients: {
      patient: unconnected,
      study: unconnected,
      site: unconnected,
      edc: unconnected,
      notification: unconnected,
    } as ApiDeps['clients'],
    enrollments: unconnected as ApiDeps['enrollments'],
    operations: unconnected as ApiDeps['operations'],
    auth: unconnected as ApiDeps['auth'],
    readiness: async () => ({}),
    partDeadlineMs: 0,
    assert: unconnected as ApiDeps['assert'],
    openPayload: unconnected as unknown as ApiDeps['openPayload'],
    hashKey: new Uint8Array(32),
    log: pino({ enabled: false }),
    clock: () => new Date(),
  };
  return `${JSON.stringify(openApiDocument(createApp(deps)), null, 2)}\n`;
}
