import { expect } from 'vitest';
import { STEPS } from '../../workflows/consent-to-enrollment/steps.ts';
import { decodedHistoryOf } from '../support/decoded-history.ts';
import type { TestSystem } from '../support/system.ts';
import { currentDetailsOf } from './evidence.ts';

const UNDOING = new Set(
  Object.values(STEPS).flatMap((step) => ('undo' in step && !step.undo.startsWith('settle') ? [step.undo as string] : [])),
);

type Summarised = { userMetadata?: { summary?: { data?: Uint8Array | null } | null; details?: { data?: Uint8Array | null } | null } | null };

/**
 * Every run so far says in the Temporal UI what it is about, with a link to the REST resource; each activity and timer
 * has a summary, what undoes says so, and the current details name where it stands and what is awaited until when.
 * Answers how many of each it has seen.
 */
export async function expectLegible(at: TestSystem): Promise<{ activities: number; timers: number; undone: number }> {
  const found: string[] = [];
  const seen = { activities: 0, timers: 0, undone: 0 };
  for await (const { workflowId, runId, typedSearchAttributes, status } of at.system.client.workflow.list({ pageSize: 200 })) {
    const { events } = await decodedHistoryOf(at.system.client, workflowId, runId);
    const [start, ...others] = events ?? [];
    if (!textOf(start, 'summary') || !textOf(start, 'details').includes('](http://127.0.0.1:3000/api/v1/')) found.push(`${workflowId}: static summary or details`);
    for (const event of others) {
      const type = event.activityTaskScheduledEventAttributes?.activityType?.name ?? undefined;
      if (type === undefined && !event.timerStartedEventAttributes) continue;
      const summary = textOf(event, 'summary');
      seen[type === undefined ? 'timers' : 'activities'] += 1;
      if (!summary) found.push(`${workflowId}: no summary of ${type ?? 'a timer'}`);
      if (type !== undefined && UNDOING.has(type)) seen.undone += 1;
      if (type !== undefined && UNDOING.has(type) !== summary.startsWith('UNDO: ')) found.push(`${workflowId}: ${type} is "${summary}"`);
    }
    const details = await currentDetailsOf(at, workflowId);
    const until = typedSearchAttributes.getAll().find(({ key }) => key.name === 'AwaitedUntil')?.value;
    if (!/^\*\*Where:\*\* \S/m.test(details) || !/^\*\*Awaiting:\*\* \S/m.test(details)) found.push(`${workflowId}: current details "${details}"`);
    if (until instanceof Date && status.name === 'RUNNING' && !details.includes(`, until ${until.toISOString().slice(0, 16)}Z`)) found.push(`${workflowId}: not until when: "${details}"`);
    if (status.name === 'COMPLETED' && !details.includes('**Where:** ended: ')) found.push(`${workflowId}: not how it ended: "${details}"`);
  }
  expect(found).toEqual([]);
  return seen;
}

function textOf(event: Summarised | undefined, name: 'summary' | 'details'): string {
  const data = event?.userMetadata?.[name]?.data;
  return data ? String(JSON.parse(Buffer.from(data).toString())) : '';
}
