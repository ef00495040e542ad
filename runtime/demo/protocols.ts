import type { ProtocolInput } from '../../services/study/index.ts';

/** Since when everything of the demonstration is in force. */
export const SINCE = '2026-01-15T00:00:00Z';

const DIRECT: ProtocolInput = {
  version: '1.0',
  effectiveAt: SINCE,
  consentRule: 'CN',
  criteria: [],
  visits: [
    { code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] },
    { code: 'V2', anchor: 'enrollment', offset: 'P28D', window: 'P7D', forms: ['VS', 'AE'] },
  ],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
  subjectNumberPattern: '{site}-{sequence:4}',
};

const SCREENED: ProtocolInput = {
  ...DIRECT,
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [
    { code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 },
    { code: 'E03', kind: 'exclusion', text: 'eGFR below 30', item: 'EGFR', operator: '<', value: 30, unit: 'mL/min/1.73m2' },
  ],
  eligibilitySignature: { reminder: 'P2D', expiry: 'P7D' },
};

export type StudyKey = 'observed' | 'screened' | 'hasty';

/** The studies of the demonstration: a non-interventional one, and two with screening and an eligibility signature. */
export const STUDIES: Record<StudyKey, { code: string; title: string; protocol: ProtocolInput }> = {
  observed: { code: 'OBS-101', title: 'Observation of blood pressure in daily life', protocol: DIRECT },
  screened: { code: 'INT-202', title: 'A tablet against high blood pressure', protocol: SCREENED },
  hasty: {
    code: 'INT-203',
    title: 'The same with a signature that expires at once',
    protocol: { ...SCREENED, eligibilitySignature: { reminder: 'PT1S', expiry: 'PT3S' } },
  },
};
