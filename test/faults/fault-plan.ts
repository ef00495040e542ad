import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';

/** What every activity of ours is called with. */
export type ActivityCall = { key: string; input: { stepKey?: string; kind?: string } };

/** One attempt of an activity: `proceed` does the real work, against the real service. */
export type Attempt = { call: ActivityCall; attempt: number; proceed: () => Promise<unknown> };
export type Fault = (attempt: Attempt) => Promise<unknown>;
export type Target = { patientId: string; activity: string };

/** Which activity of which person's enrollment meets which fault. */
export class FaultPlan {
  readonly #faults = new Map<string, Fault>();
  #met = 0;

  /** How many attempts have met a fault so far. */
  get met(): number {
    return this.#met;
  }

  arm({ patientId, activity }: Target, fault: Fault): void {
    this.#faults.set(`${patientId} ${activity}`, fault);
  }

  heal({ patientId, activity }: Target): void {
    this.#faults.delete(`${patientId} ${activity}`);
  }

  /** For the workers: stands before every activity. */
  get interceptors(): NonNullable<WorkerOptions['interceptors']> {
    return {
      activity: [
        () => ({
          inbound: {
            execute: async (input, next) => {
              const { activityType, attempt, workflowExecution } = Context.current().info;
              const fault = this.#faults.get(`${workflowExecution?.workflowId.split('/').at(-1)} ${activityType}`);
              const call = input.args[0] as ActivityCall;
              // A report to ops is no step: what is to be seen is that nothing waits for it.
              if (!fault || call.input.kind === 'stuck') return next(input);
              this.#met += 1;
              return fault({ call, attempt, proceed: () => next(input) });
            },
          },
        }),
      ],
    };
  }
}

/** Fails every attempt in a way that might pass, so that the bounded retries are used up. */
export const fails: Fault = () => Promise.reject(injected());

/** Every attempt takes effect, and is reported as failed. */
export const losesEveryAnswer: Fault = async ({ proceed }) => {
  await proceed();
  throw injected();
};

/** Takes effect, says so to `tell`, and never answers. */
export function holdsAfterEffect(tell: () => void): Fault {
  return async ({ proceed }) => {
    const answer = await proceed();
    tell();
    await untilShutdown(new Promise(() => undefined));
    return answer;
  };
}

/** The first attempt takes effect; its answer comes only when Temporal has given it up and begun the second. */
export function answersTooLate(): Fault {
  const second = new Map<string, PromiseWithResolvers<void>>();
  const of = (key: string) => {
    const waiting = second.get(key) ?? Promise.withResolvers<void>();
    second.set(key, waiting);
    return waiting;
  };
  return async ({ call, attempt, proceed }) => {
    if (attempt > 1) of(call.key).resolve();
    const answer = await proceed();
    if (attempt === 1) await untilShutdown(of(call.key).promise);
    return answer;
  };
}

/** What came of an attempt that was let go late. */
export type LateAttempt = { answer: unknown } | { refused: string | null | undefined };

/** Holds the first attempt of each call back, before it does anything; those that follow fail. */
export function holdsBack(): { fault: Fault; letGo: () => Promise<LateAttempt[]> } {
  const gate = Promise.withResolvers<void>();
  const held: Promise<LateAttempt>[] = [];
  return {
    fault: async ({ attempt, proceed }) => {
      if (attempt > 1) throw injected();
      const late = untilShutdown(gate.promise).then(proceed);
      held.push(late.then((answer) => ({ answer }), (failure: unknown) => ({ refused: codeOf(failure) })));
      return late;
    },
    letGo: async () => {
      gate.resolve();
      return Promise.all(held);
    },
  };
}

/** So long an attempt is held that the SDK has given up by itself, five seconds after its time-out. */
const HELD_MS = 60_000;

/** A row that failed must not keep the worker from stopping. */
function untilShutdown(wait: Promise<unknown>): Promise<unknown> {
  const shutDown = Context.current().cancelled.catch(async (reason: unknown) => {
    // Whoever is held back is late; that the SDK has noticed is no reason to go.
    if ((reason as Error).message === 'TIMED_OUT') await Promise.race([wait, delay(HELD_MS, undefined, { ref: false })]);
    throw reason;
  });
  return Promise.race([wait, shutDown]);
}

function codeOf(failure: unknown): string | null | undefined {
  if (failure instanceof ApplicationFailure) return failure.type;
  throw failure;
}

function injected(): ApplicationFailure {
  return ApplicationFailure.create({ type: 'injected', message: 'A fault of the test.' });
}
