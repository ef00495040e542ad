import type { ZodError } from 'zod';
import { ApiError } from './problem.ts';

const MOST_ERRORS = 50;
/** Names of fields may be repeated to the caller; anything else in a path was chosen by the caller. */
const FIELD_NAME = /^[A-Za-z][A-Za-z_-]{0,39}$/;

type Issue = ZodError['issues'][number];

const PREFIX: Record<string, string> = { query: '/query', param: '/path', header: '/header' };

/** The hook of every route: what doesn't fit the schema is a 400 that says where and why, never what was sent. */
export function validationHook(result: { target: string } & ({ success: true } | { success: false; error: ZodError })): void {
  if (result.success) return;
  const prefix = PREFIX[result.target] ?? '';
  const errors = result.error.issues
    .flatMap(flattened)
    .slice(0, MOST_ERRORS)
    .map((issue) => ({ pointer: prefix + pointerOf(issue.path), detail: textOf(issue) }));
  throw new ApiError(400, 'invalid_request', 'The request does not have the form that this operation takes.', {
    details: { errors },
  });
}

/** Of a union that failed, the issues of the option that came nearest say more than "invalid input". */
function flattened(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const nearest = issue.errors.toSorted((a, b) => a.length - b.length)[0] ?? [];
  return nearest.flatMap((inner) => flattened({ ...inner, path: [...issue.path, ...inner.path] }));
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${typeof part === 'number' || FIELD_NAME.test(String(part)) ? String(part) : '*'}`).join('');
}

function textOf(issue: Issue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const names = issue.keys.filter((key) => FIELD_NAME.test(key)).slice(0, 10);
  return names.length === 0 ? 'unknown field' : `unknown field: ${names.join(', ')}`;
}
