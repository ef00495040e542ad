import type { Ctx } from '../../services/common/index.ts';
import type { Study } from '../../services/study/index.ts';
import { accessOf } from '../../services/common/authority/policy.ts';
import type { AuthenticatedUser } from '../auth/token.ts';
import type { ApiDeps } from '../deps.ts';
import { partOfView } from '../part-of-view.ts';
import { type StudyWithSites, toStudyResponse, toStudySite } from '../responses/study.ts';

type Asked = { ctx: Ctx; study: Study; user: AuthenticatedUser };

/**
 * A study with the sites at which it runs, those of them that the caller may know of. When Site can't be asked they
 * are null, and named in `degraded`. How many slots are taken is shown to whoever may see the site's numbers.
 */
export async function withSites(
  { clients, partDeadlineMs }: Pick<ApiDeps, 'clients' | 'partDeadlineMs'>,
  { ctx, study, user }: Asked,
): Promise<StudyWithSites> {
  const { studyId } = study;
  const answer = await partOfView(partDeadlineMs, () => clients.site.listActivations({ ctx, input: { studyId } }));
  if (!answer) return { ...toStudyResponse(study), sites: null, degraded: ['site'] };
  const counts = countsOf(user);
  return { ...toStudyResponse(study), sites: answer.items.map((one) => toStudySite(one, { counted: counts(one.site.code) })) };
}

/** By the policy of the numbers of a study: everybody's, or those of the caller's own sites. */
function countsOf({ role, sites }: AuthenticatedUser): (siteCode: string) => boolean {
  const access = accessOf('getEnrollmentSummary', role);
  if (access === 'site') return (siteCode) => sites.includes(siteCode);
  return () => access === 'any' || access === 'study';
}
