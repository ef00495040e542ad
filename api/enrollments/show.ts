import type { Grant } from '../auth/grant.ts';
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
  { enrollments }: Pick<ApiDeps, 'enrollments'>,
  { facts, grant }: { facts: EnrollmentFacts; grant: Grant },
): Promise<EnrollmentResponse> {
  const reasons = showsReasons(grant);
  if (facts.outcome !== null && !facts.needsAttention) return toEnrollmentResponse(facts, { reasons });
  const live = await enrollments.view(facts);
  return toEnrollmentResponse(facts, {
    reasons,
    ...(live.kind === 'live' ? { live: live.view } : {}),
    degraded: live.kind === 'unavailable',
  });
}
