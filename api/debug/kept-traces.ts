/** A span as it is shown: times in ISO 8601 with nanoseconds, durations in milliseconds. */
export type KeptSpan = {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  service: string;
  kind: string;
  startedAt: string;
  durationMs: number;
  failed: boolean;
  attributes: Record<string, string | number | boolean>;
  links: { traceId: string; spanId: string }[];
};

/** A trace in a line: its first span, as far as it is known, and how many there are. */
export type TraceLine = Pick<KeptSpan, 'traceId' | 'name' | 'service' | 'startedAt' | 'durationMs'> & { spans: number; failed: number };

/** The traces of late, at most 500. */
export type KeptTraces = {
  /** Takes the JSON form of an OTLP export; false when it is none. */
  take(request: unknown): boolean;
  /** The spans of a trace, the earliest first; null when it is not known, or not any more. */
  find(traceId: string): KeptSpan[] | null;
  /** All of them, the latest first. */
  list(): TraceLine[];
};
