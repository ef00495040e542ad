import type { ExpiryReason, Outcome, RefusalReason, Stage } from '../vocabulary.ts';

/** A criterion that enrollments failed. The same code with another text is another criterion: versions may differ. */
export type FailedCriterion = { code: string; text: string; count: number };

/** Who left before the pivot; `total` is the sum of the groups. */
export type Excluded = {
  total: number;
  refusedBeforeSigning: { total: number; byReason: Record<RefusalReason, number> };
  /** One enrollment may fail several criteria; `withoutCriterion` have none recorded (the investigator's judgement). */
  screenFailed: { total: number; byCriterion: FailedCriterion[]; withoutCriterion: number };
  declined: number;
  expired: { total: number; byReason: Record<ExpiryReason, number> };
  capReached: number;
  /** After enrolling, before the pivot. */
  withdrawn: number;
  voided: number;
};

/** Who is past the pivot: `total` = `randomised` + `notRandomised` = `withdrawn` + `active` + `activating`. */
export type Entered = {
  total: number;
  randomised: number;
  /** Enrolled under a protocol version that does not randomise. */
  notRandomised: number;
  withdrawn: number;
  /** Of the withdrawn: from interventions only. */
  followedUp: number;
  active: number;
  /** Past the pivot while the outcome is not recorded yet. */
  activating: number;
};

/** The flow of participants in the terms of CONSORT 2010: `assessed` = `excluded` + `inProgress` + `entered`. */
export type ConsortFlow = {
  /** RFC 3339 UTC. */
  asOf: string;
  /** Some protocol version of the study randomises. */
  randomises: boolean;
  /** Enrollments, and who refused before signing. */
  assessed: number;
  excluded: Excluded;
  inProgress: { total: number; byStage: Partial<Record<Stage, number>> };
  entered: Entered;
  /** Absent until the study is unblinded: arms are pooled. */
  arms?: { code: string; allocated: number; withdrawn: number; active: number }[];
};

export type EnrollmentSummary = {
  byStage: Partial<Record<Stage, number>>;
  byOutcome: Partial<Record<Outcome, number>>;
  /** Enrollments. */
  total: number;
  flow: ConsortFlow;
};
