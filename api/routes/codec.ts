import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { readOf } from '../call.ts';
import type { Opened } from '../codec/payload-opener.ts';
import type { Api, ApiDeps, ApiEnv } from '../deps.ts';
import { answer, jsonBody, operation } from '../operation.ts';

/** The UI asks for one event's payloads at a time. */
export const MOST_PAYLOADS = 200;

const payload = z.looseObject({
  metadata: z.record(z.string(), z.string()).optional().openapi({ description: 'Bytes in base64, by name.' }),
  data: z.string().optional().openapi({ description: 'Bytes in base64.' }),
});
const payloads = z.array(payload).max(MOST_PAYLOADS);

const decodePayloads = operation({
  operationId: 'decodePayloads',
  summary: 'Opens payloads of Temporal’s histories, for its UI: those that the caller may read, the others come back as they are. Audited.',
  tags: ['Codec'],
  method: 'post',
  path: '/decode',
  request: { body: jsonBody(z.object({ payloads: payloads.default([]) })) },
  responses: { 200: answer('As many payloads in the same order', z.object({ payloads })) },
});

/** The codec server of the Temporal UI and command line. Nobody has payloads sealed by it: there is no `/encode`. */
export function codecRoutes(codec: Api, { clients: { study }, openPayload }: ApiDeps): void {
  /** The workflows of which the caller may read; what is to be shown is in the trail before it is. */
  const readable = async (c: Context<ApiEnv>, opened: readonly Opened[]): Promise<ReadonlySet<string>> => {
    const counts = new Map<string, number>();
    for (const one of opened) if (one.kind === 'open') counts.set(one.workflowId, (counts.get(one.workflowId) ?? 0) + 1);
    const unopened = opened.filter(({ kind }) => kind === 'closed').length;
    // Nothing of ours, nothing to show.
    if (counts.size === 0 && unopened === 0) return new Set();
    const workflows = [...counts].map(([workflowId, n]) => ({ workflowId, payloads: n }));
    return new Set((await study.checkPayloadAccess(readOf(c, { workflows, unopened }))).readable);
  };

  codec.openapi(decodePayloads, async (c) => {
    const given = c.req.valid('json').payloads;
    // Opened first, in memory: whose a payload is, is believed only once it has opened with that.
    const opened = await Promise.all(given.map(openPayload));
    const may = await readable(c, opened);
    const shown = given.map((one, n) => {
      const found = opened[n];
      return found?.kind === 'open' && may.has(found.workflowId) ? found.payload : one;
    });
    return c.json({ payloads: shown }, 200);
  });
}
