import { isCancellation } from '@temporalio/workflow';
import { refusal } from '../attention.ts';
import { actingOnBehalfOf } from './acting.ts';
import type { Notices } from './notices.ts';
import { refusedBy } from './requests.ts';
import type { Slot } from './slot.ts';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';
import type { EnrollmentInput, RandomisationDone, RandomisationRequest } from './types.ts';

type NotReached = 'full' | { superseded: string };
type Allocated = { randomised: true; at: string };

/** Does this protocol version have arms? */
export function randomises({ randomisation }: EnrollmentInput['protocol']): boolean {
  return randomisation !== undefined;
}

/**
 * Step 8 of protocols that randomise: on the site's request, or at once where the protocol says so, the slot is
 * confirmed and then the participant randomised: the pivot. Consent, signature and record are checked again with it.
 * `full`: the slot's time to live had ended and the site is full by now. `superseded`: this consent version comes first.
 */
export async function passRandomisation(enrollment: Enrollment, slot: Slot): Promise<'randomised' | NotReached> {
  const { input, randomisations } = enrollment;
  try {
    for (;;) {
      const reached = input.protocol.randomisation?.autoRandomise ? await randomise(enrollment, slot, null) : await onRequest(enrollment, slot);
      if (reached === undefined) continue;
      return typeof reached === 'object' && 'randomised' in reached ? 'randomised' : reached;
    }
  } finally {
    // Whatever ends the wait, nobody's request may be left without an answer.
    if (enrollment.pastPivot) randomisations.close('already_randomised', 'This participant has been randomised already.');
    else randomisations.close('not_awaiting_randomisation', 'The randomisation is not awaited any more: something else comes first.');
    if (enrollment.awaiting?.what === 'randomisation') void enrollment.setAwaiting(null);
  }
}

/** Site and monitor are told blinded; the pharmacist on a way of its own (domain, "Who is told"). No mail has an arm. */
export function tellOfRandomisation(notices: Notices): void {
  notices.add('randomised');
  notices.add('randomised_pharmacy');
}

/** Waits for the site's request, and does it; undefined when it was refused. */
async function onRequest(enrollment: Enrollment, slot: Slot): Promise<Allocated | NotReached | undefined> {
  const { randomisations, windowEnds, awaiting, input } = enrollment;
  randomisations.take(['randomisation']);
  if (awaiting?.what !== 'randomisation') {
    const until = windowEnds === null ? null : new Date(windowEnds).toISOString();
    void enrollment.setAwaiting({ what: 'randomisation', who: 'the site', until });
  }
  const request = await randomisations.next();
  if (request.kind !== 'randomisation') return undefined;
  let reached: Allocated | NotReached | undefined;
  const work = async (): Promise<RandomisationDone> => {
    reached = await randomise(enrollment, slot, request.message);
    if (reached === 'full') throw refusal('cap_reached', 'The place was given back by its time to live, and the site has none left.');
    if ('superseded' in reached) throw refusal('consent_superseded', `Consent version ${reached.superseded} concerns this participant and has to be signed first.`);
    return { enrollmentId: input.enrollmentId, randomisedAt: reached.at };
  };
  // On which side of the pivot it was cut short is settled in there: what comes out as cut short has not taken effect.
  await randomisations.serve(request, work, () => Promise.resolve(undefined));
  return reached;
}

/** Slot and allocation, one right after the other. Throws what Study refuses to a person who has asked. */
async function randomise(enrollment: Enrollment, slot: Slot, message: RandomisationRequest | null): Promise<Allocated | NotReached> {
  endIfWindowHasEnded(enrollment);
  for (;;) {
    const slotHeld = await slot.confirmAhead();
    if (slotHeld !== 'confirmed') return slotHeld;
    const attempt = await allocate(enrollment, message);
    if ('randomised' in attempt) {
      enrollment.pastPivot = true;
      return attempt;
    }
    await slot.takeBack();
    if ('superseded' in attempt) return attempt;
    if (message && refusedBy(attempt.failure)) throw attempt.failure;
    // The key of this round is dead: nobody has been randomised, and whatever the operator says is safe.
    await enrollment.askOperator('randomisation', attempt.failure);
  }
}

async function allocate(enrollment: Enrollment, message: RandomisationRequest | null): Promise<Allocated | { superseded: string } | { failure: unknown }> {
  const { activities, identity, saga, signedVersion } = enrollment;
  const key = enrollment.nextKey('randomisation');
  const ctx = message ? actingOnBehalfOf(message) : enrollment.ctx;
  const { strata, confirmedBy } = message ?? { strata: {}, confirmedBy: 'protocol' };
  const input = { identity, revision: enrollment.nextRevision(), strata, confirmedBy, ...signedVersion };
  try {
    const answer = await activities.study.randomiseParticipant.executeWithOptions({ summary: STEPS.randomisation.summary }, [{ ctx, key, input }]);
    return 'held' in answer ? { superseded: answer.version } : { randomised: true, at: answer.at };
  } catch (failure) {
    const settled = await saga.untilItHolds('settle the randomisation', () =>
      activities.study.settleRandomisation.executeWithOptions({ summary: 'Settle whether the participant was randomised' }, [
        { ctx, key: `${key}/settle`, input: { stepKey: key } },
      ]),
    );
    if (settled.randomised) return { randomised: true, at: settled.at };
    if (isCancellation(failure)) throw failure;
    return { failure };
  }
}

/** A request and the end of the window may reach the run at one moment, the request first: then it has come too late. */
function endIfWindowHasEnded(enrollment: Enrollment): void {
  const { windowEnds } = enrollment;
  if (windowEnds !== null && Date.now() >= windowEnds) enrollment.interrupt({ kind: 'expiry', reason: 'screening_window' });
}
