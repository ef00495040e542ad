import { upsertSearchAttributes } from '@temporalio/workflow';
import { serviceActivities } from '../activity-proxies.ts';
import { actingOnBehalfOf } from '../consent-to-enrollment/acting.ts';
import { Saga } from '../saga.ts';
import { trial } from '../observe.ts';
import { searchAttributes } from '../search-attributes.ts';
import { shownBoard } from '../show-attention.ts';
import type { WithdrawParticipantInput } from './messages.ts';

/**
 * A withdrawal after `consentToEnrollment` has ended: stops what its scope says, records it, tells whom it concerns.
 * Each step goes on in rounds until it holds; data that were collected stay.
 */
export async function withdrawParticipant(input: WithdrawParticipantInput): Promise<{ enrollmentId: string }> {
  const { identity, scope, decidedBy, subjectNumber, timing } = input;
  const { enrollmentId, studyId, studyCode, siteId, siteCode, patientId } = identity;
  const activities = serviceActivities(timing);
  const attention = shownBoard(timing);
  const inRounds = new Saga(attention, timing.roundMs);
  const key = (step: string) => `${enrollmentId}/withdrawal-${step}/${input.key}`;
  const ctx = actingOnBehalfOf(input);

  attention.doing('Stopping what the withdrawal covers');
  await inRounds.untilItHolds('withdrawal', () =>
    activities.edc.stopDataCollection.executeWithOptions({ summary: `Stop what the withdrawal covers: ${scope}` }, [
      { ctx, key: key('stop'), input: { enrollmentId, scope, reason: 'withdrawal' } },
    ]),
  );
  if (input.freesCap) {
    await inRounds.untilItHolds('withdrawal', () =>
      activities.site.freeSlot.executeWithOptions({ summary: 'Give the place back to the site' }, [{ ctx, key: key('free-slot'), input: { enrollmentId } }]),
    );
  }
  attention.doing('Recording the withdrawal');
  await inRounds.untilItHolds('outcome', () =>
    activities.study.recordOutcome.executeWithOptions({ summary: 'Record the withdrawal' }, [
      {
        ctx, key: key('outcome'),
        input: { identity, revision: input.revision + 1, outcome: 'withdrawn', stage: 'activation', reason: `decided_by_${decidedBy}`, scope },
      },
    ]),
  );
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: 'withdrawn' }]);
  trial.ended('withdrawn');
  attention.doing('Withdrawn; telling study doctor, sponsor and pharmacy');
  await inRounds.untilItHolds('notices', () =>
    activities.notification.sendNotice.executeWithOptions({ summary: 'Tell study doctor, sponsor and pharmacy: withdrawn' }, [
      {
        ctx, key: key('notice'),
        input: { kind: 'withdrawn', enrollmentId, studyId, studyCode, siteId, siteCode, patientId, subjectNumber, details: { scope } },
      },
    ]),
  );
  attention.doing('ended: withdrawn, and everybody told');
  return { enrollmentId };
}
