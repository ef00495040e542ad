import { inProcessClient } from '../common/index.ts';
import type { EdcService } from './index.ts';

const VERBS = [
  'openScreening',
  'closeScreening',
  'recordScreeningResults',
  'settleStep',
  'screeningResultsOf',
  'openCasebook',
  'closeCasebook',
  'lockCasebook',
  'startEpro',
  'stopEpro',
  'stopDataCollection',
  'casebookOf',
] as const satisfies readonly (keyof EdcService)[];

/** What others may call. */
export type EdcClient = Pick<EdcService, (typeof VERBS)[number]>;

/** EDC as others see it: each call is answered within `deadlineMs`, or refused with `service_timeout`. */
export function edcClient(service: EdcService, deadlineMs: number): EdcClient {
  return inProcessClient('edc', service, { verbs: VERBS, deadlineMs });
}
