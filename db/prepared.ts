import type postgres from 'postgres';
import { tracedStatement, tracedTransaction } from './traced.ts';

/** Texts that are prepared per pool: more than the services have, and a bound where a text varies with a request. */
const MAX_PREPARED = 500;

type Unsafe = postgres.Sql['unsafe'];
type Reached = { unsafe: Unsafe; begin?: Run; savepoint?: Run };
type Run = (work: (tx: Reached) => unknown) => Promise<unknown>;

/**
 * The client with every statement prepared under a name, and in the trace of whoever asked for it. Drizzle asks for
 * unnamed ones, of which the driver first has the parameters described: two round trips each, parsed anew, and never
 * sent one behind the other without waiting.
 */
export function preparing(client: postgres.Sql, schema: string): postgres.Sql {
  const known = new Set<string>();
  const wrap = (reached: Reached): Reached =>
    new Proxy(reached, {
      get: (target, name) => {
        if (name === 'unsafe') {
          const unsafe = (...[text, parameters, options]: Parameters<Unsafe>) => {
            if (known.size < MAX_PREPARED) known.add(text);
            // Sent now, not when somebody waits for it: statements go out in the order in which they were asked for.
            const query = target.unsafe(text, parameters, { ...options, prepare: known.has(text) });
            void query.execute();
            tracedStatement(schema, text, query);
            return query;
          };
          return unsafe;
        }
        if (name === 'begin' || name === 'savepoint') {
          const run: Run = (work) => tracedTransaction(schema, () => target[name]?.((tx) => work(wrap(tx))) ?? Promise.resolve());
          return run;
        }
        return Reflect.get(target, name) as unknown;
      },
    });
  return wrap(client) as unknown as postgres.Sql;
}
