import type { Ctx } from '../../services/common/index.ts';
import type { SiteClient } from '../../services/site/client.ts';
import type { StudyClient } from '../../services/study/client.ts';
import type { Grant } from '../../services/common/authority/grant.ts';
import type { Scope } from '../../services/common/authority/policy.ts';
import type { AuthenticatedUser } from './token.ts';

const CACHE_LIMIT = 10_000;

export type ScopeIds = { grantOf(user: AuthenticatedUser, scope: Scope, ctx: Ctx): Promise<Grant> };
type FindId = (code: string, ctx: Ctx) => Promise<string | undefined>;

/**
 * Turns the codes that tokens name into ids. A code never changes its id, so answers are remembered (at most
 * 10,000); a code that nobody has is asked for again and grants nothing.
 */
export function scopeIds(clients: {
  site: Pick<SiteClient, 'getSiteByCode'>;
  study: Pick<StudyClient, 'getStudyByCode'>;
}): ScopeIds {
  const siteId = remembered(async (code, ctx) => (await clients.site.getSiteByCode({ ctx, input: { code } }))?.id);
  const studyId = remembered(async (code, ctx) => (await clients.study.getStudyByCode({ ctx, input: { code } }))?.studyId);
  const idsOf = async (codes: string[], idOf: FindId, ctx: Ctx) =>
    (await Promise.all(codes.map((code) => idOf(code, ctx)))).filter((id) => id !== undefined);
  return {
    grantOf: async (user, scope, ctx) => {
      switch (scope) {
        case 'any':
        case 'no-participant':
          return { scope };
        case 'self':
          return { scope, patientId: user.patientId ?? null };
        case 'site-code':
          return { scope, siteCodes: user.sites };
        case 'site':
          return { scope, siteIds: await idsOf(user.sites, siteId, ctx) };
        case 'study': {
          const studyIds = await idsOf(user.studies, studyId, ctx);
          return { scope, studyIds, siteIds: user.sites.length === 0 ? null : await idsOf(user.sites, siteId, ctx) };
        }
      }
    },
  };
}

function remembered(find: FindId): FindId {
  const known = new Map<string, string>();
  return async (code, ctx) => {
    const remembers = known.get(code);
    if (remembers !== undefined) return remembers;
    const id = await find(code, ctx);
    if (id !== undefined) {
      if (known.size >= CACHE_LIMIT) known.delete(known.keys().next().value ?? '');
      known.set(code, id);
    }
    return id;
  };
}
