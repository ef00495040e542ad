import type { ProtocolInput } from '../../services/study/index.ts';

/** Since when everything of the demonstration is in force. */
export const SINCE = '2026-01-15T00:00:00Z';
export const WINDOW_DAYS = 28;

const PROTOCOL: ProtocolInput = {
  version: '1.0',
  effectiveAt: SINCE,
  consentRule: 'CN',
  screening: { windowDays: WINDOW_DAYS, maxRescreens: 1 },
  criteria: [
    { code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 },
    { code: 'E03', kind: 'exclusion', text: 'eGFR below 30', item: 'EGFR', operator: '<', value: 30, unit: 'mL/min/1.73m2' },
  ],
  eligibilitySignature: { reminder: 'P2D', expiry: 'P7D' },
  randomisation: {
    arms: [
      { code: 'A', ratio: 1 },
      { code: 'B', ratio: 1 },
    ],
    strata: [{ code: 'sex', levels: ['female', 'male'] }],
    blockSizes: [4, 6],
    bySite: true,
  },
  visits: [
    { code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] },
    { code: 'V2', anchor: 'enrollment', offset: 'P28D', window: 'P7D', forms: ['VS', 'AE'] },
  ],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
  subjectNumberPattern: '{site}-{sequence:4}',
};

/** The study of the demonstration: two arms, stratified by sex and site. */
export const STUDY = { code: 'INT-202', title: 'A tablet against high blood pressure', protocol: PROTOCOL };
