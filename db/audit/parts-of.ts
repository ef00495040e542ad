type Parts<R, K> = {
  /** The rows that follow this key, at most `atOnce`; from the beginning without one. */
  part: (after: K | undefined) => Promise<R[]>;
  atOnce: number;
  keyOf: (row: R) => K;
};

/** Rows a part at a time, in their order. The next part is on its way while one is looked at, so two are in memory, and no more. */
export async function* partsOf<R, K>({ part, atOnce, keyOf }: Parts<R, K>): AsyncGenerator<R[]> {
  for (let next: Promise<R[]> | undefined = part(undefined); next; ) {
    const rows: R[] = await next;
    const last = rows.at(-1);
    next = rows.length === atOnce && last !== undefined ? part(keyOf(last)) : undefined;
    // Whoever reads may have given up by then.
    next?.catch(() => undefined);
    yield rows;
  }
}
