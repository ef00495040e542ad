import { rpcTable } from '../common/rpc/index.ts';
import { EdcService as Desc } from './edc_pb.js';

/** What others may call of EDC, and who. */
export const edcRpc = rpcTable(Desc, {
  screeningResultsOf: { method: 'getScreening', callers: ['api', 'study'], result: 'screening' },
  casebookOf: { method: 'getCasebook', callers: ['api'], result: 'casebook' },
  listAuditEntries: { method: 'listAuditEntries', callers: ['api'] },
});
