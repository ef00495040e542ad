/** `protected`: with what protects the data. `told`: with logs, metrics and traces as in production, these to that receiver. */
export type SideOptions = { dir: string; protected: boolean; told?: { otlpEndpoint: string } | false };

/** One after the other, each answered before the next. */
export type ToSide =
  | { start: SideOptions }
  /** Registers so many persons for the next run. */
  | { register: number }
  /** Enrols those, so many at once. */
  | { run: { inFlight: number } }
  /** Ends its system and servers. */
  | { stop: true };

/** `perSecond` of a run. */
export type FromSide = { done: { perSecond?: number } } | { failed: string };
