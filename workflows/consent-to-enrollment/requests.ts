import { ActivityFailure, ApplicationFailure, condition, isCancellation } from '@temporalio/workflow';
import { refusal } from '../attention.ts';
import type { EligibilityDecision, Invalidation, RandomisationRequest, ScreeningResults } from './types.ts';

/** What people ask of an enrollment that waits for them, one after the other in the order of their messages. */
export type Request =
  | { kind: 'results'; message: ScreeningResults }
  | { kind: 'decision'; message: EligibilityDecision }
  | { kind: 'invalidation'; message: Invalidation }
  | { kind: 'randomisation'; message: RandomisationRequest };
type Kind = Request['kind'];
type WhyNot = readonly [code: string, text: string];

const NOT_TAKEN: Record<Kind, WhyNot> = {
  results: ['screening_not_open', 'Screening results are not taken at this stage.'],
  decision: ['not_awaiting_decision', 'No eligibility decision is awaited at this stage.'],
  invalidation: ['not_decided', 'There is no eligibility decision in force that could be invalidated.'],
  randomisation: ['not_awaiting_randomisation', 'No randomisation is awaited at this stage.'],
};

/** The desk at which requests queue up. What the run does not take at the moment is refused, not kept waiting. */
export class Requests {
  readonly #waiting: Request[] = [];
  readonly #answers = new Map<string, { value: unknown } | { refused: ApplicationFailure }>();
  #takes: readonly Kind[] = [];
  #whyNot: Partial<Record<Kind, WhyNot>> = {};
  #arrived: (() => void) | null = null;

  /** From now on only these are taken; others, also those that queue already, are refused for `whyNot`. */
  take(kinds: readonly Kind[], { whyNot = {}, arrived = null }: { whyNot?: Partial<Record<Kind, WhyNot>>; arrived?: (() => void) | null } = {}): void {
    this.#takes = kinds;
    this.#whyNot = whyNot;
    this.#arrived = arrived;
    for (const { kind, message } of this.#waiting.filter((one) => !kinds.includes(one.kind))) {
      this.#answers.set(message.key, { refused: this.#refusal(kind) });
    }
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter((one) => kinds.includes(one.kind)));
  }

  /** Nothing is taken any more, or for the time being. */
  close(code: string, text: string): void {
    const why: WhyNot = [code, text];
    this.take([], { whyNot: { results: why, decision: why, invalidation: why, randomisation: why } });
  }

  post(request: Request): void {
    if (!this.#takes.includes(request.kind)) throw this.#refusal(request.kind);
    this.#waiting.push(request);
    this.#arrived?.();
  }

  /** The next request; waits for one. */
  async next(): Promise<Request> {
    await condition(() => this.#waiting.length > 0);
    return this.#waiting.shift() as Request;
  }

  get someoneWaits(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Does what was asked for and answers it. A refusal is an answer, too; any other failure goes on to the run. What was
   * cut short may have taken effect all the same: `settle` says so, or makes sure that it never does (undefined).
   */
  async serve<T>({ message }: Request, work: () => Promise<T>, settle: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      const value = await work();
      this.#answers.set(message.key, { value });
      return value;
    } catch (failure) {
      const refused = refusedBy(failure);
      const value = isCancellation(failure) ? await settle() : undefined;
      const notApplied = refusal('not_applied', 'The enrollment was ended before this could be applied.');
      this.#answers.set(message.key, value === undefined ? { refused: refused ?? notApplied } : { value });
      if (!refused) throw failure;
      return undefined;
    }
  }

  async answered<T>(key: string): Promise<T> {
    await condition(() => this.#answers.has(key));
    const answer = this.#answers.get(key);
    if (!answer || 'refused' in answer) throw answer?.refused ?? refusal('internal', 'No answer.');
    return answer.value as T;
  }

  #refusal(kind: Kind): ApplicationFailure {
    return refusal(...(this.#whyNot[kind] ?? NOT_TAKEN[kind]));
  }
}

/** The refusal with which a service, or the run itself, has answered a person's request; null for what may pass. */
export function refusedBy(failure: unknown): ApplicationFailure | null {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  if (!(cause instanceof ApplicationFailure) || !cause.nonRetryable) return null;
  return cause.type && cause.type !== 'internal' ? refusal(cause.type, cause.message) : null;
}
