import { DomainError } from './errors.ts';

type AnyVerbs = Record<string, (call: never) => Promise<unknown>>;

/**
 * A service as others see it: the chosen verbs, each answered within `deadlineMs` or refused with a retryable
 * `service_timeout`. In one process the call is a function call; between processes the same shape is a gRPC client.
 */
export function inProcessClient<S extends AnyVerbs, K extends keyof S & string>(
  name: string,
  service: S,
  options: { verbs: readonly K[]; deadlineMs: number },
): Pick<S, K> {
  const timely = (verb: K) => async (call: never) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new DomainError('unavailable', 'service_timeout', `The ${name} service did not answer in time.`)),
        options.deadlineMs,
      );
    });
    try {
      return await Promise.race([service[verb]?.(call), late]);
    } finally {
      clearTimeout(timer);
    }
  };
  return Object.fromEntries(options.verbs.map((verb) => [verb, timely(verb)])) as unknown as Pick<S, K>;
}
