import { expect } from 'vitest';
import type { Caller, RpcTable } from '../../../services/common/rpc/index.ts';

type Verbs = Record<string, (call: never) => Promise<unknown>>;
type Sample = { key?: string; input: object; ctx: object };

/**
 * Each call over the wire answers exactly what the verb itself answers. A command is repeated under its key, which
 * gives its first answer. Each is called as the first who may. Every verb of the table needs a sample, so a new one without a contract test fails.
 */
export async function expectSameAnswers(table: RpcTable<never>, at: { service: object; clientOf: (caller: Caller) => object; samples: Record<string, Sample[]> }) {
  expect(Object.keys(at.samples).toSorted()).toEqual(Object.keys(table).toSorted());
  for (const [verb, samples] of Object.entries(at.samples)) {
    for (const sample of samples) {
      const overTheWire = await (at.clientOf(table[verb]!.callers[0]!) as Verbs)[verb]!(sample as never);
      expect(overTheWire, verb).toStrictEqual(await (at.service as Verbs)[verb]!(sample as never));
    }
  }
}
