import type { Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import type { WorkerOptions } from '@temporalio/worker';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Real time that letting months pass may take: a few activities for each deadline on the way. */
const ADVANCE_WITHIN_MS = 25_000;
/** Two looks at one clock differ by the time that a call takes. */
const NOISE_MS = 20;

/**
 * The time of the test server: it goes on at the pace of real time, and jumps from timer to timer only while somebody
 * waits in `advanceTo`. Then, too, it stands still (but for real time) while a workflow task or an activity is under way.
 */
export class ServerClock {
  readonly #connection: Connection;
  readonly #service: NonNullable<Connection['testService']>;
  #aheadMs = 0;
  #stuck: Error | null = null;

  constructor(connection: Connection) {
    if (!connection.testService) throw new Error('This connection has no service that skips time.');
    this.#connection = connection;
    this.#service = connection.testService;
  }

  /** What services and API take for the time; as workflows see it. */
  readonly now = (): Date => new Date(Date.now() + this.#aheadMs);

  /** Before an activity's body: the server may have jumped since, and doesn't while the activity runs. */
  readonly interceptors: WorkerOptions['interceptors'] = {
    activity: [
      () => ({
        inbound: {
          execute: async (input, next) => {
            await this.follow();
            return next(input);
          },
        },
      }),
    ],
  };

  async follow(): Promise<void> {
    const { time } = await this.#service.getCurrentTime({});
    const aheadMs = tsToMs(time) - Date.now();
    if (Math.abs(aheadMs - this.#aheadMs) > NOISE_MS) this.#aheadMs = aheadMs;
  }

  /** Lets time pass until then; what fell due on the way has been begun, in its order. Nothing when it has passed. */
  async advanceTo(instant: Date | number): Promise<void> {
    if (this.#stuck) throw this.#stuck;
    await this.follow();
    const left = Number(instant) - this.now().getTime();
    if (left <= 0) return;
    const duration = msToTs(left);
    try {
      await this.#connection.withDeadline(Date.now() + ADVANCE_WITHIN_MS, () => this.#service.unlockTimeSkippingWithSleep({ duration }));
    } catch (cause) {
      // For good: every later test would wait as long and tell nothing new.
      this.#stuck = new Error("The server's time does not go on: a workflow task or an activity is waited for that nobody does.", { cause });
      throw this.#stuck;
    }
    await this.follow();
  }
}
