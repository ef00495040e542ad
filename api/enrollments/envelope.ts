import type { Context } from 'hono';
import { contentHash } from '../../db/content-hash.ts';
import type { MessageEnvelope } from '../../workflows/consent-to-enrollment/types.ts';
import { keyOf } from '../call.ts';
import type { ApiDeps, ApiEnv } from '../deps.ts';

/** What every message carries: the caller's key, a hash of what is asked of which enrollment, who and by which request. */
export function envelope(
  { hashKey }: Pick<ApiDeps, 'hashKey'>,
  c: Context<ApiEnv>,
  asked: { enrollmentId: string; verb: string; body: unknown },
): MessageEnvelope {
  const { id, name, role } = c.var.user;
  return {
    enrollmentId: asked.enrollmentId,
    key: keyOf(c),
    contentHash: contentHash(hashKey, asked),
    actor: { id, name, role },
    requestId: c.var.requestId,
  };
}
