import { serviceActivities } from '../activity-proxies.ts';
import { Saga } from '../saga.ts';
import { shownBoard } from '../show-attention.ts';
import type { ReportIncidentInput } from './messages.ts';

/**
 * Tells the privacy officer that a record was opened in an emergency, or that a command or signature was refused as not
 * authentic; then marks it as told. Each step goes on in rounds until it holds.
 */
export async function reportIncident({ timing, ...incident }: ReportIncidentInput): Promise<{ incidentId: string }> {
  const activities = serviceActivities(timing);
  const attention = shownBoard(timing);
  const inRounds = new Saga(attention, timing.roundMs);
  const { incidentId, kind } = incident;
  const owner = kind === 'break_glass' ? 'patient' : 'study';
  // The system's own duty: whoever caused it has no part in it.
  const ctx = { actor: { kind: 'service' as const, service: owner }, requestId: `incident/${incidentId}` };
  const key = (step: string) => `incident-${step}/${incidentId}`;

  await inRounds.untilItHolds('notices', () =>
    activities.notification.sendIncident.executeWithOptions({ summary: `Tell the privacy officer: ${kind}` }, [{ ctx, key: key('notice'), input: incident }]),
  );
  await inRounds.untilItHolds('told', () => {
    const told = kind === 'break_glass' ? activities.patient.markBreakGlassTold : activities.study.markMisusesTold;
    return told.executeWithOptions({ summary: 'Record that it was told' }, [{ ctx, key: key('told'), input: { incidentId } }]);
  });
  return { incidentId };
}
