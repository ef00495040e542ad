import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';

type Rule = { activity: string; patientId: string; act: (next: () => Promise<unknown>) => Promise<unknown> };

export type Hold = {
  /** Resolves when an attempt hangs. */
  reached(withinMs?: number): Promise<void>;
  /** Lets every hanging attempt go on, and waits until their bodies have ended. */
  release(): Promise<void>;
};

/** Faults between Temporal and one person's real activities: fails, hangs before its body, hangs after its commit. */
export class Faults {
  readonly #rules = new Set<Rule>();
  readonly #holds = new Set<Hold>();

  readonly interceptors: WorkerOptions['interceptors'] = {
    activity: [
      ({ info }) => ({
        inbound: {
          execute: async (input, next) => {
            const rule = [...this.#rules].find((one) => one.activity === info.activityType && info.workflowExecution?.workflowId.endsWith(one.patientId));
            return rule ? rule.act(() => next(input)) : next(input);
          },
        },
      }),
    ],
  };

  /** Every attempt fails as if the service's database were away, until the returned function is called. */
  fail(activity: string, patientId: string): () => void {
    const failure = { type: 'database_unavailable', message: 'The database cannot be reached.' };
    return this.#add({ activity, patientId, act: () => Promise.reject(ApplicationFailure.create(failure)) });
  }

  /** Attempts hang, before the activity's body or after it has committed. */
  hold(activity: string, where: 'before' | 'after', patientId: string): Hold {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const held: Promise<unknown>[] = [];
    let hanging = 0;
    const remove = this.#add({
      activity,
      patientId,
      act: (next) => {
        const body = async () => {
          const result = where === 'after' ? await next() : undefined;
          hanging += 1;
          await gate;
          return where === 'after' ? result : next();
        };
        const attempt = body();
        held.push(attempt);
        return attempt;
      },
    });
    const hold: Hold = {
      reached: (withinMs = 15_000) => eventually(`${activity} hangs`, () => Promise.resolve(hanging > 0), withinMs),
      release: async () => {
        remove();
        open();
        await Promise.allSettled(held);
        this.#holds.delete(hold);
      },
    };
    this.#holds.add(hold);
    return hold;
  }

  /** What a test that failed half-way has left. */
  async clear(): Promise<void> {
    await Promise.all([...this.#holds].map((hold) => hold.release()));
    this.#rules.clear();
  }

  #add(rule: Rule): () => void {
    this.#rules.add(rule);
    return () => this.#rules.delete(rule);
  }
}

/** Looks again until it holds; bounded, and says what didn't come. */
export async function eventually(what: string, holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(25);
  }
}

type Answer = { status: number };

/**
 * An operator's or a participant's word on a busy machine: what is answered `outcome_unknown` (503), and a withdrawal
 * that is only stored (202), is asked again under the same key, as the contract says; bounded.
 */
export async function answered<A extends Answer>(ask: () => Promise<A>, withinMs = 15_000): Promise<A> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if ((answer.status !== 503 && answer.status !== 202) || Date.now() > deadline) return answer;
    await delay(100);
  }
}
