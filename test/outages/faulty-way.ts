import { Transform } from 'node:stream';

export type Direction = 'toServer' | 'toClient';

/** What goes wrong on the way; all connections of a proxy share it, and it may change at any moment. */
export type Faults = {
  slowMs: Record<Direction, number>;
  /** Bytes that may still pass before the connection is broken. */
  breaks: Partial<Record<Direction, { left: number; how: 'reset' | 'end' }>>;
};

// The real ones, whatever a test does to the clock later.
const { setTimeout: later, setImmediate: soon } = globalThis;
const now = performance.now.bind(performance);

/** Passes bytes on in their order, late when the way is slow; `breakUp` when the connection is to be broken. */
export function gate(direction: Direction, faults: Faults, breakUp: (how: 'reset' | 'end') => void): Transform {
  const waiting: { at: number; act: () => void }[] = [];
  const passOn = () => {
    while (waiting[0] && waiting[0].at <= now()) waiting.shift()!.act();
    if (waiting[0]) later(passOn, Math.ceil(waiting[0].at - now())).unref();
  };
  const whenDue = (act: () => void) => {
    const slowMs = faults.slowMs[direction];
    if (slowMs === 0 && waiting.length === 0) return act();
    // Never before what came earlier, also when the way has become faster.
    waiting.push({ at: now() + slowMs, act });
    if (waiting.length === 1) passOn();
  };
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const fault = faults.breaks[direction];
      if (fault && chunk.length >= fault.left) {
        delete faults.breaks[direction];
        const passes = chunk.subarray(0, fault.left);
        whenDue(() => {
          if (passes.length > 0) this.push(passes);
          // After what passes has been written.
          soon(() => breakUp(fault.how));
        });
        return;
      }
      if (fault) fault.left -= chunk.length;
      whenDue(() => this.push(chunk));
      done();
    },
    flush(done) {
      whenDue(done);
    },
  });
}
