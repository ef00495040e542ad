import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { every } from 'hono/combine';
import type { ApiEnv } from './deps.ts';
import { ApiError } from './problem.ts';

const MOST_BYTES = 1_000_000;
const DEEPEST = 32;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/**
 * What a body must be before any schema sees it: JSON of at most 1 MB, nested at most 32 deep, of text that can be
 * stored (no NUL, no half surrogate pairs) and without keys that mean something to JavaScript itself.
 */
export function bodyGuard(): MiddlewareHandler<ApiEnv> {
  const limit = bodyLimit({
    maxSize: MOST_BYTES,
    onError: () => {
      throw new ApiError(413, 'body_too_large', 'The body is larger than 1 MB.');
    },
  });
  const checkJson: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const text = await c.req.text();
    // Whether there must be a body at all is for the operation's schema to say.
    if (text === '') return next();
    if (!JSON_TYPE.test(c.req.header('Content-Type') ?? '')) {
      throw new ApiError(415, 'unsupported_media_type', 'Send the body as application/json.');
    }
    checkValue(parsed(text));
    return next();
  };
  const guarded = every(limit, checkJson);
  return (c, next) => (c.req.method === 'POST' || c.req.method === 'PATCH' ? guarded(c, next) : next());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, 'malformed_json', 'The body is not well-formed JSON.');
  }
}

/** Without recursion: the body may be as deep as it likes. */
function checkValue(root: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let at = open.pop(); at; at = open.pop()) {
    const { value, depth } = at;
    if (typeof value === 'string') checkText(value);
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= DEEPEST) throw new ApiError(400, 'nested_too_deep', `The body is nested more than ${DEEPEST} deep.`);
    for (const [key, member] of Object.entries(value)) {
      checkText(key);
      if (key === '__proto__') throw new ApiError(400, 'invalid_request', 'The body has a field that is not allowed.');
      open.push({ value: member, depth: depth + 1 });
    }
  }
}

function checkText(text: string): void {
  if (text.includes('\u0000') || !text.isWellFormed()) {
    throw new ApiError(400, 'malformed_text', 'The body has text in it that is not valid Unicode, or a NUL character.');
  }
}
