import { proxySinks, type Sinks, workflowInfo } from '@temporalio/workflow';
import { hexOf, isRecorded, type SpanRef } from './span-ref.ts';

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
/** Messages that what is done may still be for. */
const MOST_MESSAGES = 50;

/**
 * Which span the run is in at any moment. From what it first does for a message on, or from the message itself where
 * nothing was under way, it is in the trace of that message; what a timer begins after a long wait is a trace of its
 * own. Both are linked to the start.
 */
export class TracedRun {
  readonly #sinks = proxySinks<TraceSinks>();
  #start: SpanRef | null = null;
  #current: SpanRef | null = null;
  #underWay = 0;
  #lastAt = 0;
  #moments = 0;
  readonly #messages = new Map<string, SpanRef>();
  /** Of the request that has started it. */
  requestId: string | undefined;

  get current(): SpanRef | null {
    return this.#current;
  }

  begin(parent: SpanRef | null): void {
    this.#start = this.#current = parent && this.#moment(`RunWorkflow:${workflowInfo().workflowType}`, { parent, links: [] });
    // Its first message may have come before this.
    if (parent) this.#messages.delete(parent.traceId);
    this.#touch();
  }

  message(kind: 'HandleUpdate' | 'HandleSignal', name: string, parent: SpanRef | null): void {
    if (parent === null) return;
    const links = this.#start && this.#start.traceId !== parent.traceId ? [this.#start] : [];
    const span = this.#moment(`${kind}:${name}`, { parent, links });
    // Something has happened just now: nothing that follows is after a long wait.
    this.#touch();
    // What a start brings along is in its trace already.
    if (this.#start?.traceId === span.traceId) return;
    this.#messages.set(span.traceId, span);
    for (const oldest of this.#messages.keys()) if (this.#messages.size > MOST_MESSAGES) this.#messages.delete(oldest);
    if (this.#underWay === 0) this.#current = span;
  }

  /** Something that leaves the run, in the span that it belongs to; `askedIn`: the trace of the request that it is for. */
  leaving<T>(askedIn: string | undefined, go: (span: SpanRef | null) => Promise<T>): Promise<T> {
    const before = this.#current;
    if (before && this.#underWay === 0 && Date.now() - this.#lastAt > LONG_WAIT_MS) this.#current = this.#resumed(before);
    else this.#current = this.#messages.get(askedIn ?? '') ?? before;
    // Its own promise is handed on, not one around it: the SDK notes a stack for every promise that a workflow makes.
    const gone = go(this.#current);
    this.#underWay += 1;
    const isBack = () => {
      this.#underWay -= 1;
      this.#touch();
    };
    gone.then(isBack, isBack);
    return gone;
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
    if (isRecorded(span)) this.#sinks.spans.add({ name, span, parent: of.parent, links: of.links, atMs: Date.now() });
    return span;
  }

  #touch(): void {
    this.#lastAt = Date.now();
  }
}
