import { setTimeout as delay } from 'node:timers/promises';
import { QUEUES } from '../../runtime/workers.ts';
import type { TestSystem } from '../support/system.ts';

const AWAY_MS = 1500;

/** Restarts the one system that all walks are on: one restart at a time, and they know of it. */
export class Workers {
  readonly #at: TestSystem;
  #restarting: Promise<void> | null = null;
  #times = 0;
  #lastEnded = 0;
  #awayMs = 0;
  #since = 0;

  constructor(at: TestSystem) {
    this.#at = at;
  }

  get times(): number {
    return this.#times;
  }

  /** Was the system away at some moment since then? */
  awaySince(moment: number): boolean {
    return this.#restarting !== null || this.#lastEnded >= moment;
  }

  /**
   * Says whether so much time is over, not counting what the system was away: a restart that lets whatever is asked
   * finish takes seconds, and several may follow each other. Bounded, as each walk has a few at most.
   */
  patience(withinMs: number): () => boolean {
    const away = () => this.#awayMs + (this.#restarting === null ? 0 : Date.now() - this.#since);
    const [begun, before] = [Date.now(), away()];
    return () => Date.now() - begun - (away() - before) > withinMs;
  }

  /** With `away` the REST API is there for a while before its workers are. */
  restart(away: boolean): Promise<void> {
    if (this.#restarting === null) this.#since = Date.now();
    this.#restarting ??= this.#restart(away).finally(() => {
      this.#restarting = null;
      this.#lastEnded = Date.now();
      this.#awayMs += this.#lastEnded - this.#since;
    });
    return this.#restarting;
  }

  async #restart(away: boolean): Promise<void> {
    this.#times += 1;
    if (away) {
      await this.#at.restart({ queues: [] });
      // Not a wait for something: how long nobody answers.
      await delay(AWAY_MS);
    }
    await this.#at.restart({ queues: QUEUES });
  }
}
