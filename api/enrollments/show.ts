import type { Ctx } from '../../services/common/index.ts';
import type { Grant } from '../../services/common/authority/grant.ts';
import type { ApiDeps } from '../deps.ts';
import type { EnrollmentFacts, EnrollmentResponse } from '../responses/enrollment.ts';
import { toEnrollmentResponse } from '../responses/enrollment.ts';

/** Free text about a participant is for the people of the site, who know them. */
export function showsReasons(grant: Grant): boolean {
  return grant.scope === 'site';
}

/**
 * An enrollment as it is now: live details for one that is under way or needs attention. When Temporal is away the
 * record answers, and says so (`degraded`).
 */
export async function show(
  { clients, enrollments }: Pick<ApiDeps, 'clients' | 'enrollments'>,
  { ctx, facts, grant }: { ctx: Ctx; facts: EnrollmentFacts; grant: Grant },
): Promise<EnrollmentResponse> {
  const reasons = showsReasons(grant);
  if (facts.outcome !== null && !facts.needsAttention) return toEnrollmentResponse(facts, { reasons });
  const answer = await enrollments.view(facts);
  const live = answer.kind === 'live' ? { live: answer.view } : {};
  // It may have ended since the record was read, and the reason of its end stands in the record only.
  const hasEnded = facts.outcome === null && (live.live?.outcome ?? null) !== null;
  const record = hasEnded ? await clients.study.getEnrollment({ ctx, input: { enrollmentId: facts.enrollmentId } }) : null;
  return toEnrollmentResponse(record ?? facts, { reasons, ...live, degraded: answer.kind === 'unavailable' });
}
