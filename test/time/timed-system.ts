import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { Faults } from '../enrollment/faults.ts';
import { expectInvariants } from '../support/invariants.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { emptyLists } from './no-lists.ts';
import { startTimeSkippingServer } from './server.ts';
import { MINUTE, type ServerClock } from './server-clock.ts';

/** The real system, on a server whose time a test moves. */
export type TimedSystem = {
  at: TestSystem;
  clock: ServerClock;
  faults: Faults;
  /** What must be true at rest; open runs are found by Study's open records, how a run has ended by the test that made it. */
  expectInvariants(): Promise<void>;
  stop(): Promise<void>;
};

export async function startTimedSystem(): Promise<TimedSystem> {
  const faults = new Faults();
  const server = await startTimeSkippingServer();
  const { clock } = server;
  const at = await startTestSystem({
    temporal: server,
    temporalInterceptors: [emptyLists, makeGrpcRetryInterceptor(defaultGrpcRetryOptions())],
    clock: clock.now,
    interceptors: { activity: [...(clock.interceptors?.activity ?? []), ...(faults.interceptors?.activity ?? [])] },
    // As in production, where that costs no real time; an attempt may be held for some seconds.
    timing: { roundMs: 15 * MINUTE, attemptMs: 15_000 },
  });
  return {
    at,
    clock,
    faults,
    expectInvariants: () => expectInvariants(at),
    stop: async () => {
      await faults.clear();
      await at.stop();
    },
  };
}
