import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeptSpan } from '../../api/debug/kept-traces.ts';

/** Headers of a caller whose trace is recorded, and the id that it has. */
export function recordedTrace(): { traceId: string; headers: { traceparent: string } } {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, headers: { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` } };
}

/** The trace as the front door shows it, once it holds what is wanted, each as often as it is named. */
export async function traceWith(url: string, traceId: string, names: readonly string[]): Promise<KeptSpan[]> {
  const until = Date.now() + 10_000;
  for (;;) {
    const answer = await fetch(`${url}/debug/traces/${traceId}`);
    const spans = answer.status === 200 ? ((await answer.json()) as { spans: KeptSpan[] }).spans : [];
    const have = spans.map(({ name }) => name);
    const missing = names.filter((name, index) => have.filter((one) => one === name).length < names.slice(0, index + 1).filter((one) => one === name).length);
    if (missing.length === 0) return spans;
    if (Date.now() > until) throw new Error(`missing in the trace: ${missing.join(', ')}; there are ${have.join(', ')}`);
    await delay(100);
  }
}

/** The names from a span up to the first of its trace. */
export function pathOf(spans: readonly KeptSpan[], span: KeptSpan): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent ? [...pathOf(spans, parent), span.name] : [span.name];
}

export const named = (spans: readonly KeptSpan[], name: string): KeptSpan => {
  const found = spans.find((span) => span.name === name);
  if (!found) throw new Error(`no span ${name}`);
  return found;
};
