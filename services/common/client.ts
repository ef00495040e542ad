import { DomainError } from './errors.ts';
import { within } from './within.ts';

type Verbs<K extends string> = Record<K, (call: never) => Promise<unknown>>;

/**
 * A service as others see it: the chosen verbs, each answered within `deadlineMs` or refused with a retryable
 * `service_timeout`. In one process the call is a function call; between processes the same shape is a gRPC client.
 */
export function inProcessClient<S extends Verbs<K>, K extends string>(
  name: string,
  service: S,
  options: { verbs: readonly K[]; deadlineMs: number },
): Pick<S, K> {
  const late = () => new DomainError('unavailable', 'service_timeout', `The ${name} service did not answer in time.`);
  const timely = (verb: K) => async (call: never) => within(options.deadlineMs, service[verb](call), late);
  return Object.fromEntries(options.verbs.map((verb) => [verb, timely(verb)])) as unknown as Pick<S, K>;
}
