import { proxySinks, type Sinks, workflowInfo } from '@temporalio/workflow';
import { hexOf, type SpanRef } from './span-ref.ts';

/**
 * A moment of a run as a span without duration, as Temporal's own interceptors show runs: a workflow moves from worker
 * to worker, so nobody could end a span that spans its waits.
 */
export type Moment = { name: string; span: SpanRef; parent: SpanRef | null; links: SpanRef[]; atMs: number };

export interface TraceSinks extends Sinks {
  spans: { add(moment: Moment): void };
}

/** After a wait of this long what follows is a trace of its own, linked to the one before. */
const LONG_WAIT_MS = 60_000;

/**
 * Which span the run is in at any moment. A message that comes while nothing is under way is what the run goes on
 * from; what a timer begins after a long wait is a trace of its own. Both are linked to the start.
 */
export class TracedRun {
  readonly #sinks = proxySinks<TraceSinks>();
  #start: SpanRef | null = null;
  #current: SpanRef | null = null;
  #underWay = 0;
  #lastAt = 0;
  #moments = 0;
  /** Of the request that has started it. */
  requestId: string | undefined;

  get current(): SpanRef | null {
    return this.#current;
  }

  begin(parent: SpanRef | null): void {
    this.#start = this.#current = parent && this.#moment(`RunWorkflow:${workflowInfo().workflowType}`, { parent, links: [] });
    this.#touch();
  }

  message(kind: 'HandleUpdate' | 'HandleSignal', name: string, parent: SpanRef | null): void {
    if (parent === null) return;
    const links = this.#start && this.#start.traceId !== parent.traceId ? [this.#start] : [];
    const span = this.#moment(`${kind}:${name}`, { parent, links });
    // What a start brings along is in its trace already.
    if (this.#underWay > 0 || this.#current?.traceId === span.traceId) return;
    this.#current = span;
    this.#touch();
  }

  /** Something that leaves the run, in the span that it belongs to. */
  async leaving<T>(go: (span: SpanRef | null) => Promise<T>): Promise<T> {
    const before = this.#current;
    if (before && this.#underWay === 0 && Date.now() - this.#lastAt > LONG_WAIT_MS) this.#current = this.#resumed(before);
    this.#underWay += 1;
    try {
      return await go(this.#current);
    } finally {
      this.#underWay -= 1;
      this.#touch();
    }
  }

  #resumed(before: SpanRef): SpanRef {
    const links = this.#start && this.#start.traceId !== before.traceId ? [before, this.#start] : [before];
    const traceId = hexOf(`${workflowInfo().runId}/trace/${this.#moments}`, 32);
    return this.#moment(`ResumeWorkflow:${workflowInfo().workflowType}`, { parent: null, links, traceId, flags: before.flags });
  }

  #moment(name: string, of: { links: SpanRef[] } & ({ parent: SpanRef } | { parent: null; traceId: string; flags: string })): SpanRef {
    const { traceId, flags } = of.parent ?? (of as { traceId: string; flags: string });
    this.#moments += 1;
    const span = { traceId, flags, spanId: hexOf(`${workflowInfo().runId}/${this.#moments}`, 16) };
    // Time of the workflow, the same at every replay; told once, since a replay tells nothing.
    this.#sinks.spans.add({ name, span, parent: of.parent, links: of.links, atMs: Date.now() });
    return span;
  }

  #touch(): void {
    this.#lastAt = Date.now();
  }
}
