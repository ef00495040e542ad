import type { Env, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { DomainError } from '../../services/common/index.ts';
import { drawTrace } from '../debug/draw-trace.ts';
import type { KeptTraces } from '../debug/kept-traces.ts';

const MOST_BYTES = 8 * 1024 * 1024;

/**
 * For development: the traces of late without anything to install. `GET /debug/traces` lists them,
 * `GET /debug/traces/{traceId}` shows one as JSON, or drawn for who asks for `text/plain`; the other processes of a split system send theirs to `/debug/otlp` (OTLP over HTTP, JSON).
 */
export function debugRoutes<E extends Env>(app: Hono<E>, { take, find, list }: KeptTraces): void {
  app.get('/debug/traces', (c) => c.json({ items: list() }));

  app.get('/debug/traces/:traceId', (c) => {
    const { traceId } = c.req.param();
    const spans = find(traceId.toLowerCase());
    if (!spans) throw new DomainError('not_found', 'trace_not_found', 'No such trace is kept here: it was not sampled, is not over, or is too old. An answer has its id in the header `traceresponse`.');
    if (c.req.header('Accept')?.includes('text/plain')) return c.text(drawTrace(spans));
    return c.json({ traceId, spans });
  });

  app.post('/debug/otlp/v1/traces', bodyLimit({ maxSize: MOST_BYTES }), async (c) => {
    const taken = take(await c.req.json().catch(() => null));
    if (!taken) throw new DomainError('invalid', 'body_invalid', 'This takes traces in the JSON form of OTLP.');
    return c.json({});
  });
}
