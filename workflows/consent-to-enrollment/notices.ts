import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { NotificationActivities } from '../../activities/index.ts';
import type { Enrollment } from './state.ts';

type Details = Record<string, string | number | null>;
type Content = { kind: NoticeKind; details: Details; subjectNumber: string | null };
/** Others are told of by processes of their own, or by `report.ts`. */
type NoticeKind = Exclude<Parameters<NotificationActivities['sendNotice']>[0]['input']['kind'], 'code_broken' | 'code_break_refused' | 'stuck'>;

const SUMMARY: Record<NoticeKind, string> = {
  consent_recorded: 'Tell of the consent: study doctor, coordinator, participant',
  enrolled: 'Tell the study doctor: enrolled',
  randomised: 'Tell site and monitor: randomised (blinded)',
  randomised_pharmacy: 'Tell the pharmacist: randomised',
  not_enrolled: 'Tell coordinator and sponsor: not enrolled',
  signature_requested: 'Ask the investigator for the eligibility signature',
  signature_reminder: 'Remind the investigator of the eligibility signature',
  reconsent_requested: 'Ask the site for a consent on the new version',
  reconsent_declined: 'Tell the study doctor: the new consent was declined',
  withdrawn: 'Tell study doctor, sponsor and pharmacy: withdrawn',
  cap_near: 'Tell sponsor and site: the cap is near',
  cap_reached: 'Tell sponsor and site: the cap is reached',
};

type Notice = { content: Content; sending: Promise<unknown> | null };

/**
 * Who must be told of what. A notice that fails never holds up or undoes a clinical step: it stays outstanding. While
 * a person is waited for, ops are shown it at once; otherwise the step `notices` at the end parks on it.
 */
export class Notices {
  readonly #enrollment: Enrollment;
  /** By name: the kind, numbered from the second time on. Fixed when asked for: a repetition under its key says the same. */
  readonly #outstanding = new Map<string, Notice>();
  readonly #times = new Map<NoticeKind, number>();
  #delivering = false;

  constructor(enrollment: Enrollment) {
    this.#enrollment = enrollment;
  }

  /** Must be told before the run ends. */
  add(kind: NoticeKind, details: Details = {}): string {
    const times = (this.#times.get(kind) ?? 0) + 1;
    this.#times.set(kind, times);
    const name = times === 1 ? kind : `${kind}-${times}`;
    this.#outstanding.set(name, { content: { kind, details, subjectNumber: this.#enrollment.subjectNumber }, sending: null });
    return name;
  }

  /** Must be told, and is begun at once, beside the steps that follow; no interruption of those ends it. */
  begin(kind: NoticeKind, details: Details = {}): void {
    const name = this.add(kind, details);
    const notice = this.#outstanding.get(name);
    if (!notice) return;
    const sending = CancellationScope.nonCancellable(() => this.#send(name));
    notice.sending = sending;
    sending.catch((failure: unknown) => {
      // What fails here stays outstanding; `deliver` looks at it again.
      notice.sending = null;
      if (!isCancellation(failure)) void CancellationScope.nonCancellable(() => this.#showWhileWaiting(name, failure));
    });
  }

  /** Nobody may be left in silence as long as a wait lasts: shown as parked, and tried again in rounds meanwhile. */
  async #showWhileWaiting(name: string, failure: unknown): Promise<void> {
    const { attention, input } = this.#enrollment;
    const over = () => this.#delivering;
    let failed: unknown = failure;
    while (this.#outstanding.has(name)) {
      await condition(() => over() || this.#enrollment.awaiting !== null);
      if (over() || !patched('notices-shown-while-waiting')) return;
      const { action } = await attention.park('notices', failed, { actions: ['retry', 'skip'], timeoutMs: input.timing.roundMs, over });
      if (over()) return;
      if (action === 'skip') this.#outstanding.delete(name);
      try {
        await this.#send(name);
      } catch (again) {
        if (isCancellation(again)) return;
        failed = again;
      }
    }
  }

  /** Delivers what is outstanding, or parks; `skip` gives up what could not be delivered. */
  async deliver(): Promise<void> {
    this.#delivering = true;
    await this.#enrollment.skippableStep('notices', async () => {
      const results = await Promise.allSettled([...this.#outstanding].map(([name, { sending }]) => sending ?? this.#send(name)));
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      const worst = failures.find(isCancellation) ?? failures[0];
      if (worst !== undefined) throw worst;
    });
    this.#outstanding.clear();
  }

  async #send(name: string): Promise<void> {
    const { activities, identity, ctx } = this.#enrollment;
    const content = this.#outstanding.get(name)?.content;
    if (!content) return;
    const { enrollmentId, studyId, studyCode, siteId, siteCode, patientId } = identity;
    await activities.notification.sendNotice.executeWithOptions({ summary: SUMMARY[content.kind] }, [
      { ctx, key: this.#enrollment.key(`notice-${name}`), input: { ...content, enrollmentId, studyId, studyCode, siteId, siteCode, patientId } },
    ]);
    this.#outstanding.delete(name);
  }
}
