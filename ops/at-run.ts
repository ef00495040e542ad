import { randomUUID } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import type { OpsEngine } from './engine/engine.ts';
import { RUN_ID } from '../services/common/run-id.ts';
import type { OperatorsWord } from './engine/resolve-run.ts';
import type { AtTemporal } from './with-temporal.ts';
import type { Acting } from './acting.ts';

export const engineAt = ({ client, namespace }: AtTemporal): OpsEngine => ({ client, namespace, clock: () => new Date() });

/** For arguments: the id of an enrollment, or a workflow id. */
export function runId(text: string): string {
  if (RUN_ID.test(text)) return text;
  throw new InvalidArgumentError('the id of an enrollment, or a workflow id such as enrollment/ONC-101/….');
}

/** What an operator says, under a key of its own unless one is given to repeat what got no answer. */
export function wordOf({ as, reason, key }: Acting & { key?: string }): OperatorsWord {
  const own = key ?? `ops/${randomUUID()}`;
  return { actor: { id: as, name: as, role: 'ops' }, reason, requestId: own, key: own };
}
