import type { AttentionItem, EnrollmentView } from '../../workflows/consent-to-enrollment/types.ts';

export type ShownAction = { command: string; does: string };

type At = {
  id: string;
  status: string;
  view: EnrollmentView | null;
  attention: AttentionItem[];
  pendingActivities: { activityId: string; activity: string; state: string; attempt: number }[];
};

/** What an operator can do to a run as it stands, and what each would do. */
export function actionsOf({ id, status, view, attention, pendingActivities }: At): ShownAction[] {
  if (status !== 'RUNNING' && status !== 'PAUSED') return [];
  const [oldest] = attention;
  const actions: ShownAction[] = [];
  if (attention.length > 0) actions.push({ command: `ops retry ${id}`, does: `tries again at once, each under its own key: ${attention.map(({ step }) => step).join(', ')}` });
  if (oldest?.actions.includes('skip')) actions.push({ command: `ops skip ${id}`, does: `goes on without "${oldest.step}"; it is not made up for` });
  if (view && !view.pastPivot && view.outcome === null) {
    actions.push({ command: `ops abort ${id}`, does: view.wouldUndo.length > 0 ? `undoes ${view.wouldUndo.join(', ')}, and closes the enrollment as voided` : 'undoes nothing, for nothing was done that is undone, and closes the enrollment as voided' });
  }
  for (const { activityId, activity, state, attempt } of pendingActivities) {
    if (state.startsWith('pause')) actions.push({ command: `ops activity unpause ${id} ${activity}`, does: `lets activity ${activityId} be tried again` });
    else if (attempt > 1) {
      actions.push({ command: `ops activity reset ${id} ${activity}`, does: `tries activity ${activityId} again at once, counting from the first attempt` });
      actions.push({ command: `ops activity pause ${id} ${activity}`, does: `has activity ${activityId} not tried again until it is unpaused` });
    }
  }
  actions.push({ command: `ops workflow reset ${id} --dry-run`, does: 'shows what a reset would re-run; never to before an accepted signature or the pivot' });
  return actions;
}
