import { DomainError } from '../../services/common/index.ts';
import { called, type OpsEngine } from './engine.ts';
import { describeRun } from './look-at-run.ts';
import type { RunRef } from './open-runs.ts';

export const ACTIVITY_ACTIONS = ['reset', 'pause', 'unpause'] as const;
export type ActivityAction = (typeof ACTIVITY_ACTIONS)[number];

/** Temporal keeps no reason of anybody: that stands in the audit trail, under this word. */
const IDENTITY = 'ops';

/**
 * Has an activity that is under way tried again at once (`reset`: from the first attempt), not tried again (`pause`), or
 * tried again after that (`unpause`). It is named by its type or its number. Throws `activity_not_pending` with what is
 * under way, `activity_ambiguous`.
 */
export async function controlActivity(engine: OpsEngine, run: RunRef, { action, activity, key }: { action: ActivityAction; activity: string; key: string }): Promise<{ activityId: string; activity: string }> {
  const { client, namespace } = engine;
  const pending = ((await describeRun(engine, run)).raw.pendingActivities ?? []).map(({ activityId, activityType }) => ({ activityId: activityId ?? '', activity: activityType?.name ?? '' }));
  const meant = pending.filter((one) => one.activityId === activity || one.activity === activity);
  const under = pending.map((one) => `${one.activity} (${one.activityId})`).join(', ') || 'nothing';
  if (meant.length > 1) throw new DomainError('invalid', 'activity_ambiguous', `There are several of it: say the number. Under way: ${under}.`);
  const [one] = meant;
  if (!one) throw new DomainError('conflict', 'activity_not_pending', `No such activity is under way in this run. Under way: ${under}.`);
  const asked = { namespace, execution: { workflowId: run.workflowId, runId: run.runId }, id: one.activityId, identity: IDENTITY };
  const service = client.workflowService;
  await called(engine, async () => {
    if (action === 'pause') await service.pauseActivity({ ...asked, reason: `see the audit trail: ${key}` });
    else if (action === 'unpause') await service.unpauseActivity({ ...asked, resetAttempts: true });
    else await service.resetActivity({ ...asked, resetHeartbeat: true });
  });
  return one;
}
