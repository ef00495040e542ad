import { randomInt } from 'node:crypto';
import type { TelemetryOptions } from '@temporalio/worker';

/** Ports that no system hands out by itself. */
const PORTS = { from: 20_000, to: 32_000 };
const MAX_TRIES = 50;
const ANSWERS_WITHIN_MS = 2000;

let address: string | undefined;

/**
 * Does `install` with what makes Temporal's core count, at an address of this machine that only `coreMetrics` asks.
 * The core binds the port itself, so a port that is taken shows there, and another one is tried.
 */
export function withCoreMetrics(install: (metrics: NonNullable<TelemetryOptions['metrics']>) => void): void {
  for (let tried = 1; ; tried += 1) {
    const bindAddress = `127.0.0.1:${randomInt(PORTS.from, PORTS.to)}`;
    try {
      install({ attachServiceName: false, prometheus: { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } });
      address = bindAddress;
      return;
    } catch (error) {
      if (tried >= MAX_TRIES || !/address already in use/i.test((error as Error).message)) throw error;
    }
  }
}

/** What the core has counted in this process, in the text format; undefined where it does not count. */
export function coreMetrics(): (() => Promise<string>) | undefined {
  const at = address;
  if (at === undefined) return undefined;
  return async () => {
    const answer = await fetch(`http://${at}/metrics`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    if (!answer.ok) throw new Error(`the core answered ${answer.status}`);
    return answer.text();
  };
}
