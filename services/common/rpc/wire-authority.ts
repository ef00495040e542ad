import type { Authority, Grant } from '../authority/index.ts';
import type { OperationId } from '../authority/policy.ts';

/** An authority as the message `common.v1.Authority` carries it: one flat record for all scopes. */
export type WireAuthority = {
  operation: string;
  scope: string;
  siteIds: string[];
  siteCodes: string[];
  studyIds: string[];
  allSites: boolean;
  patientId?: string;
};

export function toWire({ operation, grant }: Authority): WireAuthority {
  const flat = { operation, scope: grant.scope, siteIds: [], siteCodes: [], studyIds: [], allSites: false };
  switch (grant.scope) {
    case 'any':
    case 'no-participant':
      return flat;
    case 'site':
      return { ...flat, siteIds: [...grant.siteIds] };
    case 'site-code':
      return { ...flat, siteCodes: [...grant.siteCodes] };
    case 'study':
      return { ...flat, studyIds: [...grant.studyIds], siteIds: [...(grant.siteIds ?? [])], allSites: grant.siteIds === null };
    case 'self':
      return grant.patientId === null ? flat : { ...flat, patientId: grant.patientId };
  }
}

/** The other way round. An operation or scope that nobody knows is left as it is: the policy has no row for it. */
export function fromWire({ operation, scope, siteIds, siteCodes, studyIds, allSites, patientId }: WireAuthority): Authority {
  return { operation: operation as OperationId, grant: grantFrom() };

  function grantFrom(): Grant {
    switch (scope as Grant['scope']) {
      case 'any':
        return { scope: 'any' };
      case 'no-participant':
        return { scope: 'no-participant' };
      case 'site':
        return { scope: 'site', siteIds };
      case 'site-code':
        return { scope: 'site-code', siteCodes };
      case 'study':
        return { scope: 'study', studyIds, siteIds: allSites ? null : siteIds };
      default:
        // Covers nothing.
        return { scope: 'self', patientId: patientId ?? null };
    }
  }
}
