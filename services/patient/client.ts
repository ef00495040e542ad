import { type Channel, rpcClient } from '../common/rpc/index.ts';
import type { PatientService } from './index.ts';
import { PatientService as Desc } from './patient_pb.js';
import { patientRpc } from './rpc.ts';

/** What the API and other services may call. */
export type PatientClient = Pick<PatientService, keyof typeof patientRpc>;

export function patientClient(channel: Channel): PatientClient {
  return rpcClient(Desc, patientRpc, channel);
}
