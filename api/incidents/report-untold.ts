import type { Ctx, Incident } from '../../services/common/index.ts';
import type { ApiDeps } from '../deps.ts';

type Deps = Pick<ApiDeps, 'enrollments'> & {
  clients: { study: Pick<ApiDeps['clients']['study'], 'listUntoldMisuses'>; patient: Pick<ApiDeps['clients']['patient'], 'listUntoldBreakGlass'> };
};
/** Of each outbox a part, and behind which one to go on. */
export type Behind = { misuses?: string; emergencies?: string };

/**
 * Starts the reports of emergency accesses and of misused signatures that nobody has been told of, each once whoever
 * starts it. Answers behind which ones to go on, nothing from the start. Throws when a service or the engine is away:
 * they stay untold.
 */
export async function reportUntoldIncidents({ clients, enrollments }: Deps, asked: { requestId: string; behind: Behind; limit: number; signal?: AbortSignal }): Promise<Behind> {
  const { requestId, behind, limit, signal } = asked;
  const ctx: Ctx = { actor: { kind: 'service', service: 'api' }, requestId };
  const part = (after: string | undefined) => ({ ctx, input: { ...(after === undefined ? {} : { after }), limit } });
  const lists = await Promise.all([clients.study.listUntoldMisuses(part(behind.misuses)), clients.patient.listUntoldBreakGlass(part(behind.emergencies))]);
  const [misuses, emergencies] = lists.map(({ items }) => items) as [Incident[], Incident[]];
  for (const incident of [...misuses, ...emergencies]) {
    if (signal?.aborted) return {};
    await enrollments.reportIncident(incident);
  }
  const next = (items: Incident[]) => (items.length === limit ? items.at(-1)?.incidentId : undefined);
  const [afterMisuses, afterEmergencies] = [next(misuses), next(emergencies)];
  return { ...(afterMisuses === undefined ? {} : { misuses: afterMisuses }), ...(afterEmergencies === undefined ? {} : { emergencies: afterEmergencies }) };
}
