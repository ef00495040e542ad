/** One after the other, each answered before the next. */
export type ToSide =
  | { start: { dir: string; protected: boolean } }
  /** Registers so many persons for the next run. */
  | { register: number }
  /** Enrols those, so many at once. */
  | { run: { inFlight: number } }
  /** Ends its system and servers. */
  | { stop: true };

/** `perSecond` of a run. */
export type FromSide = { done: { perSecond?: number } } | { failed: string };
