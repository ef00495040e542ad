import type postgres from 'postgres';

/** What is wanted of a pool at the moment: more than its size waits. */
export type PoolUse = {
  readonly size: number;
  /** Statements under way outside of transactions, and transactions: each wants a connection. */
  readonly wanted: number;
  /** Those that have begun since the process did. */
  readonly begun: number;
};

/** The driver says nothing of its connections, so what asks for one is counted on its way there. */
export function countingUse(client: postgres.Sql, size: number): { client: postgres.Sql; use: PoolUse } {
  const use = { size, wanted: 0, begun: 0 };
  const counted = <T extends Promise<unknown>>(work: T): T => {
    use.wanted += 1;
    use.begun += 1;
    const ended = () => void (use.wanted -= 1);
    work.then(ended, ended);
    return work;
  };
  const counting = new Proxy(client, {
    get: (target, name) => {
      if (name === 'unsafe') return (...args: Parameters<postgres.Sql['unsafe']>) => counted(target.unsafe(...args));
      if (name === 'begin') return (...args: unknown[]) => counted((target.begin as (...given: unknown[]) => Promise<unknown>)(...args));
      return Reflect.get(target, name) as unknown;
    },
  });
  return { client: counting, use };
}
