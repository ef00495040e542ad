import { isCancellation } from '@temporalio/workflow';
import type { NotificationActivities } from '../../activities/index.ts';
import type { Enrollment } from './state.ts';

type Details = Record<string, string | number | null>;
type NoticeKind = Parameters<NotificationActivities['sendNotice']>[0]['input']['kind'];

const SUMMARY: Partial<Record<NoticeKind, string>> = {
  consent_recorded: 'Tell of the consent: study doctor, coordinator, participant',
  enrolled: 'Tell the study doctor: enrolled',
  not_enrolled: 'Tell coordinator and sponsor: not enrolled',
  withdrawn: 'Tell study doctor, sponsor and pharmacy: withdrawn',
  cap_near: 'Tell sponsor and site: the cap is near',
  cap_reached: 'Tell sponsor and site: the cap is reached',
};

/**
 * Who must be told of what. A notice that fails never holds up or undoes a clinical step: it stays outstanding,
 * and only the step `notices` at the end parks on it.
 */
export class Notices {
  readonly #enrollment: Enrollment;
  /** Fixed when the notice is asked for: a repetition under its key must say the same. */
  readonly #content = new Map<NoticeKind, { details: Details; subjectNumber: string | null }>();
  readonly #outstanding = new Map<NoticeKind, Promise<unknown> | null>();

  constructor(enrollment: Enrollment) {
    this.#enrollment = enrollment;
  }

  /** Must be told before the run ends. */
  add(kind: NoticeKind, details: Details = {}): void {
    this.#content.set(kind, { details, subjectNumber: this.#enrollment.subjectNumber });
    this.#outstanding.set(kind, null);
  }

  /** Must be told, and is begun at once, beside the steps that follow. */
  begin(kind: NoticeKind): void {
    this.add(kind);
    const sending = this.#send(kind);
    this.#outstanding.set(kind, sending);
    // What fails here stays outstanding; `deliver` looks at it again.
    sending.catch(() => this.#outstanding.set(kind, null));
  }

  /** Delivers what is outstanding, or parks; `skip` gives up what could not be delivered. */
  async deliver(): Promise<void> {
    await this.#enrollment.skippableStep('notices', async () => {
      const results = await Promise.allSettled([...this.#outstanding].map(([kind, sending]) => sending ?? this.#send(kind)));
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      const worst = failures.find(isCancellation) ?? failures[0];
      if (worst !== undefined) throw worst;
    });
    this.#outstanding.clear();
  }

  async #send(kind: NoticeKind): Promise<void> {
    const { activities, identity, ctx } = this.#enrollment;
    const { details, subjectNumber } = this.#content.get(kind) ?? { details: {}, subjectNumber: null };
    const { enrollmentId, studyId, studyCode, siteId, siteCode, patientId } = identity;
    await activities.notification.sendNotice.executeWithOptions({ summary: SUMMARY[kind] ?? kind }, [
      {
        ctx,
        key: this.#enrollment.key(`notice-${kind}`),
        input: { kind, enrollmentId, studyId, studyCode, siteId, siteCode, patientId, subjectNumber, details },
      },
    ]);
    this.#outstanding.delete(kind);
  }
}
