import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Enrollment } from './state.ts';
import { STEPS } from './steps.ts';

/** What its time to live is called on the case page. */
export const SLOT_HELD = 'Slot held for the participant';

/**
 * The enrollment's slot at the site: reserved with a time to live (a timer of this workflow, which runs while
 * parked, too), released when that ends, reserved anew before it is confirmed. Confirming it is the pivot, or stands
 * right before it where the protocol randomises.
 */
export class Slot {
  readonly #enrollment: Enrollment;
  #round = 0;
  #slotId: string | null = null;
  #expiresAt = 0;
  #beforeConfirming = 0;
  #timer: CancellationScope | null = null;
  #lapse: Promise<void> = Promise.resolve();

  constructor(enrollment: Enrollment) {
    this.#enrollment = enrollment;
  }

  /** Reserves a slot against the cap: false when the cap is reached or the site takes nobody any more. */
  async reserve(): Promise<boolean> {
    const { activities, input, saga, ctx } = this.#enrollment;
    this.#round += 1;
    const key = this.#enrollment.key('slot', this.#round);
    const { enrollmentId, studyId, siteId } = input;
    saga.register('slot', () => this.#release(key));
    const reservation = await this.#enrollment.step('slot', () =>
      activities.site.reserveSlot.executeWithOptions({ summary: STEPS.slot.summary }, [
        { ctx, key, input: { enrollmentId, studyId, siteId } },
      ]),
    );
    if (!reservation.reserved) {
      this.#enrollment.outcomeReason = reservation.reason;
      return false;
    }
    this.#slotId = reservation.slotId;
    this.#expiresAt = Date.now() + input.protocol.slotTimeToLiveMs;
    this.#startTimer();
    return true;
  }

  /**
   * The pivot. Answers `confirmed` once the slot is: from then on nothing is undone. A lost answer is settled under the
   * key's lock (confirmed, or the key is dead), also when a withdrawal arrives meanwhile. `full`: the time to live had
   * ended and the site is full by now. `superseded`: this consent version has to be signed first.
   */
  async confirm(): Promise<'confirmed' | 'full' | { superseded: string }> {
    for (;;) {
      if (!(await this.#holdOrReserveAnew())) return 'full';
      const attempt = await this.#confirmOnce(this.#enrollment.nextKey('confirmation'));
      if (attempt.confirmed) {
        this.#enrollment.pastPivot = true;
        return 'confirmed';
      }
      if (attempt.superseded !== undefined) return { superseded: attempt.superseded };
      if (attempt.failure) {
        // The key of this round is dead: nothing is confirmed, and whatever the operator says is safe.
        this.#startTimer();
        await this.#enrollment.askOperator('confirmation', attempt.failure);
      } else {
        this.#slotId = null;
      }
    }
  }

  /**
   * Where the protocol randomises, the place is confirmed right before and can still be taken back: the next step is
   * the pivot. `full` and `superseded` as above. While this is parked the time to live stands still, because the place may
   * be confirmed already.
   */
  async confirmAhead(): Promise<'confirmed' | 'full' | { superseded: string }> {
    const { activities, input, saga, ctx, signedVersion: consent } = this.#enrollment;
    const { enrollmentId } = input;
    for (;;) {
      if (!(await this.#holdOrReserveAnew())) return 'full';
      const key = this.#enrollment.nextKey('confirmation');
      const slotId = this.#slotId ?? '';
      this.#beforeConfirming = saga.mark;
      saga.register('confirming', () =>
        activities.site.unconfirmSlot.executeWithOptions({ summary: 'UNDO: take the confirmation back' }, [
          { ctx: this.#enrollment.ctx, key: `${key}/undo`, input: { stepKey: key, enrollmentId, slotId } },
        ]),
      );
      const confirmation = await this.#enrollment.step('confirming', () =>
        activities.site.confirmSlot.executeWithOptions({ summary: STEPS.confirming.summary }, [{ ctx, key, input: { enrollmentId, slotId, ...consent } }]),
      );
      if (confirmation.confirmed) {
        this.#noteCap(confirmation);
        return 'confirmed';
      }
      if (confirmation.reason === 'consent_superseded') return { superseded: confirmation.version };
      this.#slotId = null;
    }
  }

  /** No randomisation has followed: the place is only reserved again, for what is left of its time to live. */
  async takeBack(): Promise<void> {
    await this.#enrollment.saga.undoTo(this.#beforeConfirming);
    this.#startTimer();
  }

  async #confirmOnce(key: string): Promise<{ confirmed: boolean; superseded?: string; failure?: unknown }> {
    const { activities, input, saga, ctx, signedVersion: consent } = this.#enrollment;
    const slotId = this.#slotId ?? '';
    try {
      const confirmation = await activities.site.confirmSlot.executeWithOptions({ summary: STEPS.confirmation.summary }, [
        { ctx, key, input: { enrollmentId: input.enrollmentId, slotId, ...consent } },
      ]);
      if (confirmation.confirmed) this.#noteCap(confirmation);
      else if (confirmation.reason === 'consent_superseded') return { confirmed: false, superseded: confirmation.version };
      return { confirmed: confirmation.confirmed };
    } catch (failure) {
      const settled = await saga.untilItHolds('settle the confirmation', () =>
        activities.site.settleSlotConfirmation.executeWithOptions({ summary: 'Settle whether the slot was confirmed' }, [
          { ctx, key: `${key}/settle`, input: { stepKey: key } },
        ]),
      );
      if (settled.confirmed) {
        this.#noteCap(settled);
        return { confirmed: true };
      }
      if (isCancellation(failure)) throw failure;
      return { confirmed: false, failure };
    }
  }

  #noteCap({ notice, confirmedCount, cap }: { notice: 'cap_near' | 'cap_reached' | null; confirmedCount: number; cap: number }): void {
    this.#enrollment.capNotice = notice ? { kind: notice, confirmedCount, cap } : null;
  }

  /** Gives the slot back while nothing may go on; another one is reserved before the pivot. */
  async giveBack(): Promise<void> {
    await this.stopTimer();
    if (this.#slotId === null) return;
    this.#slotId = null;
    const key = this.#enrollment.key('slot', this.#round);
    await this.#enrollment.saga.untilItHolds('UNDO: slot', () => this.#release(key));
  }

  /** After its reservation was undone. */
  forget(): void {
    this.#slotId = null;
  }

  async #holdOrReserveAnew(): Promise<boolean> {
    await this.stopTimer();
    if (this.#slotId !== null) return true;
    const reserved = await this.reserve();
    await this.stopTimer();
    return reserved;
  }

  /** Ends the time to live. A release that has begun is waited for: the slot may not be confirmed under it. */
  async stopTimer(): Promise<void> {
    this.#timer?.cancel();
    await this.#lapse;
  }

  #startTimer(): void {
    const key = this.#enrollment.key('slot', this.#round);
    const left = Math.max(1, this.#expiresAt - Date.now());
    const timer = new CancellationScope({ cancellable: true });
    this.#timer = timer;
    this.#show(this.#expiresAt);
    this.#lapse = CancellationScope.nonCancellable(async () => {
      try {
        await timer.run(() => sleep(left, { summary: SLOT_HELD }));
      } catch (failure) {
        if (isCancellation(failure)) return;
        throw failure;
      } finally {
        this.#show(null);
      }
      this.#slotId = null;
      await this.#enrollment.saga.untilItHolds('UNDO: slot', () => this.#release(key));
    });
  }

  #show(heldUntil: number | null): void {
    this.#enrollment.slotHeldUntil = heldUntil;
    this.#enrollment.showDetails();
  }

  #release(stepKey: string): Promise<unknown> {
    const { activities, input, ctx } = this.#enrollment;
    return activities.site.releaseSlot.executeWithOptions({ summary: 'UNDO: release the slot' }, [
      { ctx, key: `${stepKey}/undo`, input: { stepKey, enrollmentId: input.enrollmentId } },
    ]);
  }
}
