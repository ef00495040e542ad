import { notFound } from '../errors.ts';

/** What the caller may reach in this request: the policy's scope with the caller's own ids filled in. */
export type Grant =
  | { scope: 'any' }
  | { scope: 'site'; siteIds: readonly string[] }
  | { scope: 'site-code'; siteCodes: readonly string[] }
  | { scope: 'study'; studyIds: readonly string[]; siteIds: readonly string[] | null }
  | { scope: 'self'; patientId: string | null }
  | { scope: 'no-participant' };

/** What a thing belongs to. A person belongs to all sites that registered them. */
export type Belongs = { siteIds?: readonly string[]; siteCode?: string; studyId?: string; patientId?: string };

/** Is this thing within the caller's grant? What isn't known to belong somewhere is outside. */
export function covers(grant: Grant, thing: Belongs): boolean {
  const atOneOf = (siteIds: readonly string[]) => thing.siteIds?.some((siteId) => siteIds.includes(siteId)) ?? false;
  switch (grant.scope) {
    case 'any':
      return true;
    case 'site':
      return atOneOf(grant.siteIds);
    case 'site-code':
      return thing.siteCode !== undefined && grant.siteCodes.includes(thing.siteCode);
    case 'study':
      return (
        thing.studyId !== undefined &&
        grant.studyIds.includes(thing.studyId) &&
        (grant.siteIds === null || atOneOf(grant.siteIds))
      );
    case 'self':
      return grant.patientId !== null && thing.patientId === grant.patientId;
    case 'no-participant':
      return [thing.siteIds, thing.siteCode, thing.studyId, thing.patientId].every((member) => member === undefined);
  }
}

/** Throws the same 404 as for a thing that doesn't exist, so that neither can be told from the other. */
export function requireCovered(grant: Grant, thing: Belongs, what: string): void {
  if (!covers(grant, thing)) throw notFound(what);
}

/** A study as such belongs to no site: only who sees by study is held against their list. */
export function requireStudy(grant: Grant, studyId: string): void {
  if (grant.scope === 'study') requireCovered({ ...grant, siteIds: null }, { studyId }, 'study');
}
