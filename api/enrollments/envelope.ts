import type { Context } from 'hono';
import { contentHash } from '../../db/content-hash.ts';
import type { Authentication } from '../../services/common/index.ts';
import type { MessageEnvelope } from '../../workflows/consent-to-enrollment/types.ts';
import { keyOf } from '../call.ts';
import type { ApiDeps, ApiEnv } from '../deps.ts';

type Asked = {
  enrollmentId: string;
  verb: string;
  body: unknown;
  /** What the owning service acts upon, as it gets it: the assertion is over this. */
  content: unknown;
  /** Codes of it that a later step needs. */
  said?: Readonly<Record<string, string>>;
  /** Of a signature. */
  authentication?: Authentication;
};

/**
 * What every message carries: the caller's key, a hash of what is asked of which enrollment, who and by which request,
 * and the API's own signature over that, without which no service carries it out.
 */
export async function envelope({ hashKey, assert }: Pick<ApiDeps, 'hashKey' | 'assert'>, c: Context<ApiEnv>, asked: Asked): Promise<MessageEnvelope> {
  const { enrollmentId, verb, body, content, said, authentication } = asked;
  const { id, name, role } = c.var.user;
  const key = keyOf(c);
  const actor = { id, name, role };
  const assertion = await assert({
    actor, operation: c.var.operation, about: enrollmentId, key, content,
    ...(said === undefined ? {} : { said }),
    ...(authentication === undefined ? {} : { authentication }),
  });
  return { enrollmentId, key, contentHash: contentHash(hashKey, { enrollmentId, verb, body }), actor, requestId: c.var.requestId, origin: c.var.origin, assertion };
}
