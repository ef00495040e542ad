type Verb<D> = (deps: D, call: never) => Promise<unknown>;

/** The verbs of a service with what they depend on filled in: the service's public face. */
export type Bound<D, V extends Record<string, Verb<D>>> = {
  [K in keyof V]: V[K] extends (deps: D, call: infer C) => infer R ? (call: C) => R : never;
};

/** Gives each verb its dependencies: `service.reserveSlot({ctx, key, input})`. */
export function bindVerbs<D, V extends Record<string, Verb<D>>>(deps: D, verbs: V): Bound<D, V> {
  return Object.fromEntries(
    Object.entries(verbs).map(([name, verb]) => [name, (call: never) => verb(deps, call)]),
  ) as Bound<D, V>;
}
