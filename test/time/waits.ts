import {
  DECLINED, DIRECT_PROTOCOL, OUTDATED, type Participant, RANDOMISED_PROTOCOL, RECONSENT_REQUESTED, REMINDED, SCREENED_PROTOCOL, SIGNATURE_REQUESTED, STUCK, type Trial,
} from './trial.ts';

/** How an enrollment comes to wait, for what, and what it ends with when nobody ever does anything about it. */
export type Wait = {
  /** Of whom or for what, as a test's name. */
  waits: string;
  /** `awaiting.what`; null when it waits for an operator, of whom the screening window is the end. */
  awaiting: string | null;
  reason: string;
  /** Mails beside those that tell of the recorded consent and of the end. */
  told: readonly string[];
  slots: readonly string[];
  protocol: Record<string, unknown>;
  consent: Record<string, unknown>;
  /** This activity fails from before the consent is sent. */
  fails: string | null;
  come(one: Participant, within: Trial): Promise<unknown>;
};

const { screening: _, ...WITHOUT_WINDOW } = SCREENED_PROTOCOL;
const PLAIN = { told: [], slots: [], protocol: SCREENED_PROTOCOL, consent: {}, fails: null, come: () => Promise.resolve() };
const FOR_RESULTS = { ...PLAIN, awaiting: 'screening_results', reason: 'screening_window' };
const FOR_CONSENT = { ...PLAIN, awaiting: 'consent', reason: 'reconsent_deadline' };
const FOR_OPS = { ...PLAIN, awaiting: null, reason: 'screening_window' };

const asked = [...SIGNATURE_REQUESTED, ...RECONSENT_REQUESTED];

export const WAITS: readonly Wait[] = [
  { ...FOR_CONSENT, waits: 'a valid first consent', told: RECONSENT_REQUESTED, consent: OUTDATED },
  { ...FOR_CONSENT, waits: 'a valid first consent, without a screening', told: RECONSENT_REQUESTED, consent: OUTDATED, protocol: DIRECT_PROTOCOL },
  { ...FOR_RESULTS, waits: 'the screening results' },
  { ...FOR_RESULTS, waits: 'results, without a screening window', reason: 'eligibility_signature', protocol: WITHOUT_WINDOW },
  { ...FOR_RESULTS, waits: 'the rest of the screening results', come: (one) => one.screen({ AGE: 44 }) },
  { ...PLAIN, waits: 'the eligibility signature', awaiting: 'eligibility', reason: 'eligibility_signature', told: [...SIGNATURE_REQUESTED, ...REMINDED], come: eligible },
  { ...FOR_CONSENT, waits: 'a consent on the new version, before the signature', told: asked, come: beforeTheSignature },
  { ...FOR_CONSENT, waits: 'a consent on the new version, at enrolling', told: [...asked, ...STUCK], slots: ['released'], come: (one, within) => found(one, within, ['reserveSlot', 'slot']) },
  { ...FOR_CONSENT, waits: 'a consent on the new version, at the pivot', told: [...asked, ...STUCK], slots: ['released'], come: (one, within) => found(one, within, ['openCasebook', 'casebook']) },
  { ...FOR_CONSENT, waits: 'a decision after the new consent was declined', awaiting: 'decision', told: [...asked, ...DECLINED], come: declined },
  {
    ...PLAIN, waits: 'the randomisation', awaiting: 'randomisation', reason: 'screening_window', told: SIGNATURE_REQUESTED, slots: ['released'],
    protocol: RANDOMISED_PROTOCOL, come: randomisable,
  },
  { ...FOR_OPS, waits: 'an operator, stuck at: opening', told: STUCK, fails: 'openEnrollment', come: (one) => one.parked('opening') },
  { ...FOR_OPS, waits: 'an operator, stuck at: screening', told: STUCK, fails: 'openScreening', come: (one) => one.parked('screening') },
  ...(
    [
      ['reserveSlot', 'slot', []],
      ['enrollParticipant', 'enrolling', ['released']],
      ['openCasebook', 'casebook', ['released']],
      ['startEpro', 'epro', ['released']],
      ['confirmSlot', 'confirmation', ['released']],
    ] as const
  ).map(([activity, step, slots]) => ({
    ...FOR_OPS, waits: `an operator, stuck at: ${step}`, told: [...SIGNATURE_REQUESTED, ...STUCK], slots, come: (one: Participant) => stuck(one, [activity, step]),
  })),
];

async function eligible(one: Participant): Promise<void> {
  await one.screen();
  await one.awaits('eligibility');
}

async function randomisable(one: Participant): Promise<void> {
  await eligible(one);
  await one.decide();
  await one.awaits('randomisation');
}

async function stuck(one: Participant, [activity, step]: readonly [string, string]): Promise<() => void> {
  await eligible(one);
  const mend = one.fail(activity);
  await one.decide();
  await one.parked(step);
  return mend;
}

/** Amended while stuck right before the place where the new version is found. */
async function found(one: Participant, { amend }: Trial, at: readonly [string, string]): Promise<void> {
  const mend = await stuck(one, at);
  await amend('2.0');
  await one.retried(mend);
}

async function beforeTheSignature(one: Participant, { amend }: Trial): Promise<void> {
  await eligible(one);
  await amend('2.0');
  await one.decide();
}

async function declined(one: Participant, within: Trial): Promise<void> {
  await beforeTheSignature(one, within);
  await one.awaits('consent');
  await one.decline();
}
