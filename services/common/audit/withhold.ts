import type { Origin } from '../../../db/index.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Members whose values are codes, versions or times, or say which member of staff has signed: never what identifies a participant. */
const PLAIN: ReadonlySet<string> = new Set([
  'foundBy', 'operation', 'status', 'validity', 'version', 'method', 'language', 'capacity', 'mark', 'how', 'kind', 'purpose', 'granted', 'role',
  'sha256', 'documentSha256', 'signedAt', 'recordedAt', 'erasedAt', 'until', 'attestedBy', 'userId',
]);

export const WITHHELD = '(withheld)';

/** Who acted: of a participant who reads the own record, neither name nor address. Members of staff stay named. */
export function withholdParticipant<T extends { actor: Record<string, unknown>; origin: Origin }>(entry: T): T {
  if (entry.actor['role'] !== 'patient') return entry;
  const { address: _, ...origin } = entry.origin;
  return { ...entry, actor: { ...entry.actor, name: WITHHELD }, origin };
}

/**
 * What changed in a record of a person for those who may not know the person: which members, and their ids, codes and
 * yes-or-no; every other value is withheld.
 */
export function withhold(value: unknown, member = ''): unknown {
  if (value === null || typeof value === 'boolean' || PLAIN.has(member)) return value;
  if (Array.isArray(value)) return value.map((one) => withhold(one, member));
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withhold(inner, name)]));
  return typeof value === 'string' && UUID.test(value) ? value : WITHHELD;
}
