import type { ConsortFlow, ExpiryReason, RefusalReason, Stage } from '../../services/study/index.ts';
import { EXPIRY_REASONS, REFUSAL_REASONS, STAGES } from '../../services/study/index.ts';

/** Something that is counted, with what it is made of. */
export type Item = { label: string; n: number; of?: Item[] };

/** What the boxes of the diagram say; `arms` stands in the place of `withdrawn` and `active` once there are any. */
export type Boxes = { assessed: Item; excluded: Item; inProgress: Item; entered: Item; withdrawn: Item; active: Item; arms: Item[] };

const REFUSED: Record<RefusalReason, string> = {
  declined_to_participate: 'declined to participate',
  not_meeting_criteria: 'not meeting the criteria',
  other: 'other reasons',
};
const EXPIRED: Record<ExpiryReason, string> = {
  screening_window: 'screening window',
  eligibility_signature: 'no eligibility signature in time',
  reconsent_deadline: 'no renewed consent in time',
  other: 'another deadline',
};
const AT: Record<Stage, string> = {
  consent: 'consent',
  screening: 'screening',
  eligibility: 'eligibility signature',
  slot: 'reserving a slot',
  enrollment: 'enrolling',
  casebook: 'opening the casebook',
  randomisation: 'randomisation',
  activation: 'activation',
};

const counted = (items: Item[]) => items.filter(({ n }) => n > 0);

/** The numbers of the flow in the words of a CONSORT diagram; parts of a group are named where there are any. */
export function boxesOf(flow: ConsortFlow): Boxes {
  const { entered, inProgress, assessed, arms = [] } = flow;
  return {
    assessed: { label: 'Assessed for eligibility', n: assessed },
    excluded: excludedBox(flow),
    inProgress: {
      label: 'Still in progress',
      n: inProgress.total,
      of: counted(STAGES.map((stage) => ({ label: AT[stage], n: inProgress.byStage[stage] ?? 0 }))),
    },
    entered: flow.randomises
      ? { label: 'Randomised', n: entered.randomised, of: counted([{ label: 'besides, enrolled without randomisation', n: entered.notRandomised }]) }
      : { label: 'Enrolled', n: entered.total },
    withdrawn: { label: `Withdrawn after ${flow.randomises ? 'randomisation' : 'enrollment'}`, n: entered.withdrawn, of: counted([{ label: 'from interventions only, followed up', n: entered.followedUp }]) },
    active: { label: 'Active', n: entered.active, of: counted([{ label: 'besides, activation under way', n: entered.activating }]) },
    arms: arms.map(({ code, allocated, withdrawn, active }) => ({
      label: `Allocated to ${code}`,
      n: allocated,
      of: [
        { label: 'Withdrawn', n: withdrawn },
        { label: 'Active', n: active },
        ...counted([{ label: 'Activation under way', n: allocated - withdrawn - active }]),
      ],
    })),
  };
}

function excludedBox({ excluded, randomises }: ConsortFlow): Item {
  const { refusedBeforeSigning: refused, screenFailed, expired } = excluded;
  return {
    label: 'Excluded',
    n: excluded.total,
    of: [
      {
        label: 'Refused before signing',
        n: refused.total,
        of: counted(REFUSAL_REASONS.map((reason) => ({ label: REFUSED[reason], n: refused.byReason[reason] }))),
      },
      {
        label: 'Screen failures',
        n: screenFailed.total,
        of: [
          ...screenFailed.byCriterion.map(({ code, text, count: n }) => ({ label: `${code}: ${text}`, n })),
          ...counted([{ label: 'no criterion recorded', n: screenFailed.withoutCriterion }]),
        ],
      },
      { label: 'Declined after signing', n: excluded.declined },
      {
        label: 'Deadline passed',
        n: expired.total,
        of: counted(EXPIRY_REASONS.map((reason) => ({ label: EXPIRED[reason], n: expired.byReason[reason] }))),
      },
      { label: 'Site full', n: excluded.capReached },
      { label: randomises ? 'Withdrawn before randomisation' : 'Withdrawn before enrollment was complete', n: excluded.withdrawn },
      { label: 'Voided', n: excluded.voided },
    ],
  };
}

/** An item and all its parts as one sentence, for who listens instead of looking. */
export function inWords({ label, n, of = [] }: Item): string {
  return of.length === 0 ? `${label}: ${n}` : `${label}: ${n} (${of.map(inWords).join('; ')})`;
}
