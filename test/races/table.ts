import { eventually, type Hold } from '../enrollment/faults.ts';
import type { Answer, DirectStudy } from '../support/scenario.ts';
import { type StepName, STEPS } from '../../workflows/consent-to-enrollment/steps.ts';
import { ask, type Asked, type Case } from './ask.ts';
import { awaitingRandomisation, awaitingReConsent, awaitingResults, awaitingSignature, begun, type RaceBench, type Recorded } from './bench.ts';

export type Where = 'before' | 'after';
/** `asked`: a person's request that hangs with the step, or that led to it. */
export type Reached = { one: Case; hold: Hold; others: Hold[]; asked?: { kind: Asked; answer: Promise<Answer>; before: Recorded } };
type Way = (bench: RaceBench, at: { study: DirectStudy; activity: string; where: Where }) => Promise<Reached>;

export type Race = {
  activity: string;
  reach: Way;
  /** What a withdrawal comes to while the step hangs before its effect, and after its COMMIT. */
  before: 'declined' | 'withdrawn';
  after: 'declined' | 'withdrawn';
  /** The step is finished all the same: a signed consent is always recorded, an outcome that is on its way as well. */
  finishes?: true;
  protocol?: 'randomises';
  /** An amendment concerns the whole site. */
  ownStudy?: true;
};

const byTheStart: Way = async ({ faults }, { study, activity, where }) => {
  const patientId = await study.register();
  const hold = faults.hold(activity, where, patientId);
  const one = await begun(study, { patientId });
  await hold.reached();
  return { one, hold, others: [] };
};

/** Somebody's request leads to the step. */
const by = (kind: Asked, prepare: (study: DirectStudy) => Promise<Case>): Way => async (bench, { study, activity, where }) => {
  const one = await prepare(study);
  const before = await bench.record(one);
  const hold = bench.faults.hold(activity, where, one.patientId);
  const answer = ask[kind](one);
  await hold.reached();
  return { one, hold, others: [], asked: { kind, answer, before } };
};

const bySignature = by('decision', awaitingSignature);
const byRequest = by('randomisation', awaitingRandomisation);

/** Earlier notices must be out, so that the one that hangs is that of the step. */
const byThePivot: Way = async (bench, { study, activity, where }) => {
  const { one, hold: pivot, asked } = await bySignature(bench, { study, activity: STEPS.confirmation.activity, where: 'after' });
  await eventually('the earlier notices are out', async () => (await bench.mails(one)).length === 3);
  const hold = bench.faults.hold(activity, where, one.patientId);
  await pivot.release();
  await hold.reached();
  return { one, hold, others: [], ...(asked ? { asked } : {}) };
};

const byInvalidation: Way = async (bench, { study, activity, where }) => {
  const { one, hold: casebook, asked } = await bySignature(bench, { study, activity: STEPS.casebook.activity, where: 'before' });
  await asked?.answer;
  const before = await bench.record(one);
  const hold = bench.faults.hold(activity, where, one.patientId);
  const answer = ask.invalidation(one);
  await hold.reached();
  return { one, hold, others: [casebook], asked: { kind: 'invalidation', answer, before } };
};

type Expected = Omit<Race, 'activity'>;
const EXPECTED: Record<StepName | 're-consent', Expected> = {
  consent: { reach: byTheStart, before: 'declined', after: 'declined', finishes: true },
  opening: { reach: byTheStart, before: 'declined', after: 'declined' },
  screening: { reach: byTheStart, before: 'declined', after: 'declined' },
  results: { reach: by('results', awaitingResults), before: 'declined', after: 'declined' },
  evaluation: { reach: by('results', awaitingResults), before: 'declined', after: 'declined' },
  signature: { reach: bySignature, before: 'declined', after: 'declined' },
  slot: { reach: bySignature, before: 'declined', after: 'declined' },
  enrolling: { reach: bySignature, before: 'declined', after: 'withdrawn' },
  casebook: { reach: bySignature, before: 'withdrawn', after: 'withdrawn' },
  epro: { reach: bySignature, before: 'withdrawn', after: 'withdrawn' },
  confirmation: { reach: bySignature, before: 'withdrawn', after: 'withdrawn' },
  confirming: { reach: byRequest, before: 'withdrawn', after: 'withdrawn', protocol: 'randomises' },
  randomisation: { reach: byRequest, before: 'withdrawn', after: 'withdrawn', protocol: 'randomises' },
  notices: { reach: byThePivot, before: 'withdrawn', after: 'withdrawn' },
  outcome: { reach: bySignature, before: 'withdrawn', after: 'withdrawn', finishes: true },
  invalidation: { reach: byInvalidation, before: 'withdrawn', after: 'withdrawn' },
  're-consent': { reach: by('consent', awaitingReConsent), before: 'declined', after: 'declined', finishes: true, ownStudy: true },
};

/** What a person asks for beside the steps of the list. */
const BESIDE = { invalidation: 'invalidateEligibility', 're-consent': STEPS.consent.activity } as const;

/** A race for every step of the process, made from its list: a step without its row is a finding. */
export const RACES: [name: string, Race | undefined][] = [
  ...Object.entries(STEPS).map(([name, { activity }]): [string, string] => [name, activity]),
  ...Object.entries(BESIDE),
].map(([name, activity]) => {
  const expected = (EXPECTED as Partial<Record<string, Expected>>)[name];
  return [name, expected && { activity, ...expected }];
});
