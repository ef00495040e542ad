import { read, resultOf } from '../../../db/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';

export const CONCLUDED = 'concludeOperation';

/** Apart from the key of the operation itself, which is noted before it is done. */
export const answerKey = (key: string) => `${key}/answer`;

/**
 * What an operator was answered who asked for the same under this key; null when nobody was. Throws `key_reused` when
 * something else was asked under it.
 */
export async function getOperationAnswer({ db }: StudyDeps, { input }: Read<{ key: string; asked: Record<string, unknown> }>): Promise<{ answer: Record<string, unknown> | null }> {
  const { key, asked } = input;
  const known = await read(db, (orm) => resultOf<{ answer: Record<string, unknown> }>(orm, { db, ledger, verb: CONCLUDED, key: answerKey(key), content: asked }));
  return { answer: known?.answer ?? null };
}
