import { z } from 'zod';
import { type Actor, instant, text } from '../common/index.ts';
import type { CASEBOOK_STATUSES, EPRO_STATUSES, ResultValue, SCREENING_STATUSES } from './tables.ts';

/** What a withdrawal covers (FDA 2008 guidance: accrued data are kept whatever it covers). */
export type WithdrawalScope = 'interventions' | 'all_data_collection' | 'samples';

export type OpenCasebook = {
  enrollmentId: string;
  studyId: string;
  siteId: string;
  subjectNumber: string;
  protocolVersionId: string;
  /** When the participant was enrolled: what visits with the anchor `enrollment` count from. */
  anchorAt: string;
};

export type StartEpro = Omit<OpenCasebook, 'subjectNumber'>;

/** The undoing of a step: `stepKey` is the key under which that step was, or will be, called. */
export type UndoStep = { stepKey: string; enrollmentId: string; reason: string };

/** A planned visit; its dates (YYYY-MM-DD at the site) are null as long as its anchor's date isn't known. */
export type Visit = {
  code: string;
  anchor: string;
  offset: string;
  window: string;
  forms: string[];
  plannedDate: string | null;
  windowFrom: string | null;
  windowTo: string | null;
};

/** A form that is asked for regularly; `at` is a wall-clock time at the site, both dates are included. */
export type EproForm = { form: string; every: string; at: string; firstDate: string; lastDate: string };

export type EproSchedule = {
  eproScheduleId: string;
  status: (typeof EPRO_STATUSES)[number];
  timezone: string;
  forms: EproForm[];
};

export type Casebook = {
  casebookId: string;
  status: (typeof CASEBOOK_STATUSES)[number];
  subjectNumber: string;
  protocolVersionId: string;
  timezone: string;
  visits: Visit[];
  epro: EproSchedule | null;
};

const screeningResult = z.strictObject({
  item: z.string().regex(/^[A-Z][A-Z0-9_]{0,39}$/, 'capital letters, digits and "_", at most 40'),
  value: z.union([z.number(), z.boolean(), text(200)]),
  unit: text(40).optional(),
  performedAt: instant,
  standardOfCare: z.boolean().optional(),
  /** Of a correction. */
  reason: text(1000).optional(),
});
export type ScreeningResult = z.output<typeof screeningResult>;

/** Body of POST …/screening-results: one entry per item. */
export const screeningResults = z.strictObject({
  results: z
    .array(screeningResult)
    .min(1)
    .max(100)
    .refine((all) => new Set(all.map(({ item }) => item)).size === all.length, 'must not contain the same item twice'),
});
export type ScreeningResults = z.output<typeof screeningResults>;

/** `consentSignedAt`: the consent's first signature; screening procedures come after it (domain step 3). */
export type OpenScreening = Omit<OpenCasebook, 'anchorAt'> & { consentSignedAt: string };

/** One entry as it was made; `current` is false once another has replaced it. */
export type EnteredResult = {
  item: string;
  value: ResultValue;
  unit: string | null;
  performedAt: string;
  standardOfCare: boolean;
  reason: string | null;
  enteredAt: string;
  enteredBy: Actor;
  current: boolean;
};

/** An enrollment's screening; `items` in the order of the protocol, `revision` counts the rows ever entered. */
export type Screening = {
  screeningId: string;
  status: (typeof SCREENING_STATUSES)[number];
  consentSignedAt: string;
  revision: number;
  items: string[];
  /** Newest first. */
  results: EnteredResult[];
};
