import { type Channel, rpcClient } from '../common/rpc/index.ts';
import type { StudyService } from './index.ts';
import { studyRpc } from './rpc.ts';
import { StudyService as Desc } from './study_pb.js';

export type * from './types.ts';
export type { ProtocolBody } from './protocol-schema.ts';

/** What the API and other services may call. */
export type StudyClient = Pick<StudyService, keyof typeof studyRpc>;

export function studyClient(channel: Channel): StudyClient {
  return rpcClient(Desc, studyRpc, channel);
}
