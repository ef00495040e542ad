import { proxyActivities } from '@temporalio/workflow';
import type { BareActivities } from './activities.ts';

/**
 * What `consentToEnrollment` is compared with: the same activities on the same task queues in the same order and
 * side by side, with the same limits, and nothing else: no messages, no search attributes, no compensations.
 */
export async function bare(id: string): Promise<void> {
  const on = (taskQueue: string) =>
    proxyActivities<BareActivities>({ taskQueue, startToCloseTimeout: 10_000, retry: { maximumAttempts: 9 } });
  const { recordConsent } = on('patient');
  const { openEnrollment, enrollParticipant, recordOutcome } = on('study');
  const { reserveSlot, confirmSlot } = on('site');
  const { openCasebook, startEpro } = on('edc');
  const { sendNotice } = on('notification');

  await recordConsent(id);
  const consentNotice = sendNotice(id);
  await openEnrollment(id);
  await reserveSlot(id);
  await enrollParticipant(id);
  await Promise.all([openCasebook(id), startEpro(id)]);
  await confirmSlot(id);
  await Promise.all([consentNotice, sendNotice(id)]);
  await recordOutcome(id);
}
