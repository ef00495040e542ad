import type { KeptSpan } from './kept-traces.ts';

/** A trace as an indented text: when each span began after the first, how long it took, where, and what it was. */
export function drawTrace(spans: readonly KeptSpan[]): string {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const under = Map.groupBy(spans, ({ parentSpanId }) => (parentSpanId !== null && known.has(parentSpanId) ? parentSpanId : null));
  const [first] = spans;
  const begun = first ? Date.parse(first.startedAt) : 0;
  const lines: string[] = [];
  // Parents are older than their children, and a span has one: no line comes twice.
  const draw = (span: KeptSpan, depth: number) => {
    const { startedAt, durationMs, service, name, failed, attributes, links } = span;
    const after = `+${Date.parse(startedAt) - begun} ms`;
    const error = failed ? ` FAILED ${attributes['error.type'] ?? ''}` : '';
    const linked = links.map(({ traceId }) => ` (see trace ${traceId})`).join('');
    lines.push(`${after.padStart(10)} ${durationMs.toFixed(1).padStart(9)} ms  ${service.padEnd(28)} ${'  '.repeat(Math.min(depth, 20))}${name}${error}${linked}`);
    for (const child of under.get(span.spanId) ?? []) draw(child, depth + 1);
  };
  for (const root of under.get(null) ?? []) draw(root, 0);
  return `${lines.join('\n')}\n`;
}
