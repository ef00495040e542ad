import { join } from 'node:path';
import type { Load } from '../load/load.ts';
import { openChannels } from '../../rpc/channels.ts';
import { startGrpcServer } from '../../rpc/grpc-server.ts';
import { freshServiceKeys, sharedServiceKeys } from '../../rpc/keys.ts';
import { startBareServer } from '../bare-server.ts';
import type { Line } from '../report.ts';
import { median, quantile, rounded } from '../statistics.ts';
import type { BenchStudy } from '../study.ts';
import type { BenchSystem } from '../system.ts';
import { clinicianAt } from '../load/rpc.ts';
import { requireAll } from './rest.ts';

type At = { at: BenchSystem; study: BenchStudy; load: Load; dir: string };
type Sizes = { rounds: number; durationMs: number };
const SIDES = ['bare', 'ours'] as const;
const IN_FLIGHT = [1, 50] as const;

/**
 * GetPatient from another process, in turns with a bare Connect client and handler which make the same query; beside
 * it the same verb in memory, within this process.
 */
export async function measureRpc(at: At, sizes: Sizes): Promise<Line[]> {
  const ids = await at.study.register(50);
  const keysFile = join(at.dir, 'rpc-keys.json');
  const keys = await sharedServiceKeys(keysFile);
  const services = { patient: at.at.system.services.patient! };
  const ours = await startGrpcServer({ services, keys, onUnexpected: () => undefined, listen: { host: '127.0.0.1', port: 0 } });
  const bare = await startBareServer(at.at);
  const lines: Line[] = [];
  try {
    for (const inFlight of IN_FLIGHT) {
      const job = { keysFile, siteId: at.study.siteId, ids, inFlight, durationMs: sizes.durationMs };
      const { rates, ms } = await inTurns(at.load, { urls: { ours: ours.url, bare: bare.url }, job, rounds: sizes.rounds });
      const inMemory = await callInMemory(services, job);
      const name = `GetPatient over gRPC, ${inFlight} in flight`;
      const ratio = rounded(median(rates['ours per s']!) / median(rates['bare per s']!), 2);
      lines.push(
        { name: `${name}, against a bare Connect handler`, measured: ratio, unit: '×', bound: { atLeast: 0.6 }, samples: rates },
        { name: `${name}, p99`, measured: rounded(quantile(ms['ours ms']!, 0.99)), unit: 'ms', bound: { atMost: 50 }, samples: { ...ms, 'in memory ms': inMemory } },
      );
    }
    return lines;
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
  }
}

type CallJob = { keysFile: string; siteId: string; ids: string[]; inFlight: number; durationMs: number };

async function inTurns(load: Load, { urls, job, rounds }: { urls: Record<(typeof SIDES)[number], string>; job: CallJob; rounds: number }) {
  const rates: Record<string, number[]> = { 'bare per s': [], 'ours per s': [] };
  const ms: Record<string, number[]> = { 'bare ms': [], 'ours ms': [] };
  for (let round = 0; round <= rounds; round += 1) {
    for (const side of SIDES) {
      const result = await load.run({ kind: 'rpc', bare: side === 'bare', url: urls[side], ...job });
      requireAll(result, 200);
      // The first round warms up.
      if (round === 0) continue;
      rates[`${side} per s`]!.push((result.latencies.length * 1000) / result.elapsedMs);
      ms[`${side} ms`]!.push(...result.latencies);
    }
  }
  return { rates, ms };
}

async function callInMemory(services: Parameters<typeof openChannels>[0]['services'], job: CallJob): Promise<number[]> {
  const channels = openChannels({ services, serviceKeys: await freshServiceKeys(), callDeadlineMs: 5000, edgeDeadlineMs: 5000 });
  const { patient } = channels.clientsOf('api');
  const ctx = clinicianAt(job.siteId);
  const ms: number[] = [];
  const until = performance.now() + job.durationMs;
  const caller = async (_: unknown, first: number) => {
    for (let next = first; performance.now() < until; next += 1) {
      const from = performance.now();
      await patient.getPerson({ ctx, input: { patientId: job.ids[next % job.ids.length] ?? '', reveal: false } });
      ms.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: job.inFlight }, caller));
  return ms;
}
