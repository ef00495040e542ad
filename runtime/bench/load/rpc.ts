import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { Ctx } from '../../../services/common/index.ts';
import { PatientService } from '../../../services/patient/patient_pb.js';
import { openChannels } from '../../rpc/channels.ts';
import { sharedServiceKeys } from '../../rpc/keys.ts';
import type { Job, JobResult } from './jobs.ts';

type RpcJob = Extract<Job, { kind: 'rpc' }>;
type Way = { get: (patientId: string) => Promise<unknown>; close: () => void };

/** GetPatient, each of so many callers again as soon as it has its answer; a call that fails counts as status 500. */
export async function callPatient(job: RpcJob): Promise<JobResult> {
  const way = job.bare ? bare(job) : await ours(job);
  const [latencies, statuses]: [number[], Record<number, number>] = [[], {}];
  const begun = performance.now();
  const until = begun + job.durationMs;
  let next = 0;
  const caller = async () => {
    while (performance.now() < until) {
      const patientId = job.ids[next % job.ids.length] ?? '';
      next += 1;
      const from = performance.now();
      const status = await way.get(patientId).then(() => 200, () => 500);
      latencies.push(performance.now() - from);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: job.inFlight }, caller));
  const elapsedMs = performance.now() - begun;
  way.close();
  return { latencies, statuses, elapsedMs };
}

/** As the API calls Patient: token, policy, messages to and from what verbs take and answer. */
async function ours({ url, keysFile, siteId }: RpcJob): Promise<Way> {
  const channels = openChannels({ services: {}, peers: { patient: url }, serviceKeys: await sharedServiceKeys(keysFile), callDeadlineMs: 5000, edgeDeadlineMs: 5000 });
  const { patient } = channels.clientsOf('api');
  const ctx = clinicianAt(siteId);
  return { get: (patientId) => patient.getPerson({ ctx, input: { patientId, reveal: false } }), close: () => channels.close() };
}

/** Let in by the edge to read persons of one site: the service holds that against its policy with every call. */
export function clinicianAt(siteId: string): Ctx {
  const authority = { operation: 'getPatient', grant: { scope: 'site', siteIds: [siteId] } } as const;
  return { actor: { kind: 'user', id: 'bench', name: 'Bench', role: 'clinician' }, requestId: 'bench', authority };
}

/** Connect's own client, and nothing else. */
function bare({ url }: RpcJob): Way {
  const client = createClient(PatientService, createGrpcTransport({ baseUrl: url, acceptCompression: [] }));
  return { get: (patientId) => client.getPatient({ patientId, reveal: false }), close: () => undefined };
}
