import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('trial-enrollment');
/** Texts whose telling is remembered, as many as are prepared. */
const MAX_KNOWN = 500;

type Told = { name: string; text: string };

const known = new Map<string, Told>();

/**
 * A span of the statement, where the current one is recorded: its text without values. It ends with the statement,
 * and leaves its outcome to whoever asked for it.
 */
export function tracedStatement(schema: string, text: string, query: PromiseLike<unknown>): void {
  if (!trace.getActiveSpan()?.isRecording()) return;
  const { name, text: shown } = known.get(text) ?? told(text);
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'postgresql', 'db.namespace': schema, 'db.query.text': shown } });
  query.then(() => span.end(), (error: unknown) => failed(span, error));
}

/** The same for a transaction, from BEGIN to the answer to its COMMIT; its statements are in it. */
export async function tracedTransaction<T>(schema: string, run: () => Promise<T>): Promise<T> {
  if (!trace.getActiveSpan()?.isRecording()) return run();
  const span = tracer.startSpan('transaction', { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'postgresql', 'db.namespace': schema } });
  try {
    const result = await context.with(trace.setSpan(context.active(), span), run);
    span.end();
    return result;
  } catch (error) {
    failed(span, error);
    throw error;
  }
}

/** By its SQLSTATE: the driver's message has values. */
function failed(span: Span, error: unknown): void {
  const { code } = (error ?? {}) as { code?: unknown };
  span.setAttribute('error.type', typeof code === 'string' ? code : 'error');
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Values go as parameters; what stands in quotes all the same is taken out. The name is its first word and the table that is not in brackets. */
function told(text: string): Told {
  const shown = text.replaceAll(/'(?:[^']|'')*'/g, '?').replaceAll(/\s+/g, ' ').trim();
  const [, table = ''] = /\b(?:from|into|update)\s+("?\w+"?(?:\."?\w+"?)?)/i.exec(withoutBrackets(shown)) ?? [];
  const made = { name: `${(/^\w+/.exec(shown)?.[0] ?? 'SQL').toUpperCase()} ${table.replaceAll('"', '')}`.trim(), text: shown.slice(0, 2000) };
  if (known.size < MAX_KNOWN) known.set(text, made);
  return made;
}

function withoutBrackets(text: string): string {
  const less = text.replaceAll(/\([^()]*\)/g, ' ');
  return less === text ? text : withoutBrackets(less);
}
