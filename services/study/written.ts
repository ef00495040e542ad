import { DatabaseError, statement } from '../../db/index.ts';
import { notFound } from '../common/index.ts';

/**
 * Awaits one write. A violated unique index named in `refusals` becomes that domain error; the only
 * references of this schema are to studies, so a violated one means that there is no such study.
 */
export async function written<T>(query: PromiseLike<T>, refusals: Readonly<Record<string, () => Error>> = {}): Promise<T> {
  try {
    return await statement(query);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.kind === 'reference_violation') throw notFound('study');
    const refusal = error.kind === 'unique_violation' ? refusals[error.constraint ?? ''] : undefined;
    throw refusal ? refusal() : error;
  }
}
