import type { StuckKind } from '../../services/common/index.ts';

/** What an operator would do first; `id` is what the commands take. Each is a chapter of docs/runbook.md. */
export function suggestionFor(kind: StuckKind, id: string, step: string): string {
  switch (kind) {
    case 'parked':
      return `mend the cause, then "ops retry ${id}"`;
    case 'next_round':
    case 'compensation_failing':
      return `mend the cause; it goes on by itself, with "ops retry ${id}" at once`;
    case 'activity_retrying':
      return `mend what "${step}" needs; it goes on by itself, with "ops activity reset ${id} ${step}" at once`;
    case 'activity_paused':
      return `"ops activity unpause ${id} ${step}" when the reason is gone`;
    case 'workflow_task_failing':
      return `put the workflow code right and deploy it ("ops deploy rollback" meanwhile); the run goes on by itself`;
    case 'workflow_paused':
      return `ask who has paused it and why ("ops show ${id}"), then "ops workflow unpause ${id}"`;
    case 'timer_overdue':
      return `look at the queues and the server ("ops queues", "ops doctor"); with both well "ops workflow reset ${id}"`;
    case 'no_poller':
      return `start the worker of the queue "${step}", or look why it does not poll ("ops queues"); of a version: "ops deploy status"`;
  }
}
