import { ApiError } from './problem.ts';

/** The entity tag of a version of a record. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The version that the caller has read and wants to change. Throws 428 without `If-Match`, and 412 for a tag that
 * is none of ours: such a version can't be the current one.
 */
export function versionOf(ifMatch: string | undefined): number {
  if (ifMatch === undefined) throw new ApiError(428, 'if_match_required', 'Send the ETag of what you have read as If-Match.');
  const version = /^"(\d{1,9})"$/.exec(ifMatch.trim())?.[1];
  if (version === undefined) throw new ApiError(412, 'version_stale', 'The record has changed since it was read; read it again.');
  return Number(version);
}
