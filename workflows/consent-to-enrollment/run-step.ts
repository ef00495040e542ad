import { CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { AttentionBoard } from '../attention.ts';
import { refusedBy } from './requests.ts';
import type { StepName } from './steps.ts';
import type { EnrollmentInput, Outcome, ResolveAction } from './types.ts';

/** The few ways in which the steps of a run are carried out. */
export abstract class Steps {
  abstract readonly input: EnrollmentInput;
  abstract readonly attention: AttentionBoard;
  abstract pastPivot: boolean;
  abstract outcome: Outcome | null;

  /**
   * Runs a step; when its bounded retries end, parks until an operator says what to do. `retry` runs it again
   * under the same key; `abort` ends it as cancelled.
   */
  step<T>(name: StepName, run: () => Promise<T>): Promise<T> {
    return this.#attempt(name, run, ['retry', 'abort']) as Promise<T>;
  }

  /** A step that a person's request asks for: a refusal by the service goes back to that person, and parks nothing. */
  requested<T>(name: StepName, run: () => Promise<T>): Promise<T> {
    return this.#attempt(name, run, ['retry', 'abort'], refusedBy) as Promise<T>;
  }

  /** A step without which the protocol may go on: `skip` answers undefined. Before the pivot also `abort`. */
  skippableStep<T>(name: StepName, run: () => Promise<T>): Promise<T | undefined> {
    return this.#attempt(name, run, this.pastPivot || this.outcome ? ['retry', 'skip'] : ['retry', 'skip', 'abort']);
  }

  /** Parks on a failure that has been settled already: returns when an operator says `retry`. */
  async askOperator(name: StepName, failure: unknown): Promise<void> {
    await this.#park(name, failure, ['retry', 'abort']);
  }

  async #attempt<T>(
    name: StepName,
    run: () => Promise<T>,
    actions: ResolveAction[],
    isAnswer: (failure: unknown) => unknown = () => null,
  ): Promise<T | undefined> {
    for (;;) {
      try {
        const result = await run();
        this.attention.recovered(name);
        return result;
      } catch (failure) {
        if (isCancellation(failure) || isAnswer(failure)) throw failure;
        if ((await this.#park(name, failure, actions)) === 'skip') return undefined;
      }
    }
  }

  async #park(name: StepName, failure: unknown, actions: ResolveAction[]): Promise<ResolveAction> {
    // After the pivot a step goes on in rounds of its own; before it, only a person may decide.
    const rounds = this.pastPivot || this.outcome ? { timeoutMs: this.input.timing.roundMs } : {};
    const { action } = await this.attention.park(name, failure, { actions, ...rounds });
    if (action === 'abort') throw new CancelledFailure('aborted by an operator');
    return action;
  }
}
