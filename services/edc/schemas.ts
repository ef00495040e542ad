import type { CASEBOOK_STATUSES, EPRO_STATUSES } from './tables.ts';

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
