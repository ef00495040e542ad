import { ApplicationFailure } from '@temporalio/workflow';
import { serviceActivities } from '../activity-proxies.ts';
import { Saga } from '../saga.ts';
import { shownBoard } from '../show-attention.ts';
import type { ReportCodeBreakInput } from './messages.ts';

/**
 * Tells medical monitor, sponsor and privacy officer of a code-break, or of an attempt that the limit refused, without
 * the arm; then marks it as told. Each step goes on in rounds until it holds, also while nobody is named to be told.
 */
export async function reportCodeBreak({ codeBreakId, result, role, at, about, timing }: ReportCodeBreakInput): Promise<{ codeBreakId: string }> {
  const activities = serviceActivities(timing);
  const attention = shownBoard(timing);
  const inRounds = new Saga(attention, timing.roundMs);
  // The system's own duty: whoever broke the code has no part in it, and their name no place here.
  const ctx = { actor: { kind: 'service' as const, service: 'study' }, requestId: `code-break/${codeBreakId}` };
  const key = (step: string) => `${about.enrollmentId}/code-break-${step}/${codeBreakId}`;

  await inRounds.untilItHolds('notices', async () => {
    const { recipients } = await activities.notification.sendNotice.executeWithOptions(
      { summary: `Tell medical monitor, sponsor and privacy officer: code ${result}` },
      [{ ctx, key: key('notice'), input: { kind: result === 'broken' ? 'code_broken' : 'code_break_refused', ...about, details: { at, role, codeBreakId } } }],
    );
    if (recipients === 0) throw nobodyToTell();
  });
  await inRounds.untilItHolds('told', () =>
    activities.study.markCodeBreakTold.executeWithOptions({ summary: 'Record that it was told' }, [{ ctx, key: key('told'), input: { codeBreakId } }]),
  );
  return { codeBreakId };
}

function nobodyToTell(): ApplicationFailure {
  return ApplicationFailure.create({ type: 'nobody_to_tell', message: 'The study names no medical monitor, sponsor or privacy officer: add a contact.', nonRetryable: true });
}
