const DAY_MS = 86_400_000;
const OPEN = 'ExecutionStatus = "Running"';

/** A list of the Temporal UI. The link keeps it, under its name, in the browser that opens it. */
export type SavedList = { name: string; query: string; path: string };

/**
 * The lists that central coordinators work with. The list filter of Temporal knows no "now": the one of what expires
 * holds for the week from `now` on (days of UTC), and is asked for anew.
 */
export function savedLists({ now, siteCode }: { now: Date; siteCode: string }): SavedList[] {
  const weekEnds = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS + 7 * DAY_MS).toISOString().replace('.000Z', 'Z');
  return [
    savedList('All enrollments', 'WorkflowType = "consentToEnrollment"'),
    savedList('Needs attention', `NeedsAttention = true AND ${OPEN}`),
    savedList('Parked enrollments', `WorkflowType = "consentToEnrollment" AND NeedsAttention = true AND ${OPEN}`),
    savedList('Awaiting sign-off', `Awaiting = "eligibility" AND ${OPEN}`),
    savedList('Awaiting consent', `Awaiting IN ("consent", "decision") AND ${OPEN}`),
    savedList(`Open at ${siteCode}`, `SiteCode = "${siteCode}" AND ${OPEN}`),
    savedList('Expiring this week', `AwaitedUntil < "${weekEnds}" AND ${OPEN}`),
  ];
}

function savedList(name: string, query: string): SavedList {
  return { name, query, path: `/namespaces/default/workflows?query=${encodeURIComponent(query)}&savedQuery=${encodeURIComponent(name)}` };
}
