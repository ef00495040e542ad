import { createServer } from 'node:net';
import { calleePolicy } from '../../../services/common/resilience/index.ts';
import { openChannels } from '../../rpc/channels.ts';
import { freshServiceKeys } from '../../rpc/keys.ts';
import { closed, listening } from '../loopback.ts';
import type { Line } from '../report.ts';
import { median, rounded } from '../statistics.ts';

/** What a call through the policy of a callee takes longer than the same attempt without it. */
export async function policyCost(): Promise<Line> {
  const policy = calleePolicy('bench');
  const attempt = async () => 1;
  const through = () => policy.run({ retryable: true }, attempt);
  const microseconds = async (call: () => Promise<unknown>) => {
    const begun = performance.now();
    for (let calls = 0; calls < 20_000; calls += 1) await call();
    return ((performance.now() - begun) * 1000) / 20_000;
  };
  await microseconds(through);
  const samples = { 'through µs': [] as number[], 'alone µs': [] as number[] };
  for (let round = 0; round < 5; round += 1) {
    samples['through µs'].push(await microseconds(through));
    samples['alone µs'].push(await microseconds(attempt));
  }
  const cost = median(samples['through µs']) - median(samples['alone µs']);
  return { name: 'Policy of a callee, cost of a call', measured: rounded(cost, 2), unit: 'µs', bound: { atMost: 50 }, samples };
}

const DEADLINE_MS = 200;

/** How long after their deadline callers are told, 50 at once, of a callee that takes connections and says nothing. */
export async function lateness(): Promise<Line> {
  // It reads, or it would not notice that they have gone.
  const silent = createServer((socket) => void socket.on('error', () => undefined).resume());
  const url = await listening(silent);
  const serviceKeys = await freshServiceKeys();
  const late: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    // New channels each time: after so many failures the circuit would be open.
    const channels = openChannels({ services: {}, peers: { patient: url }, serviceKeys, callDeadlineMs: DEADLINE_MS, edgeDeadlineMs: DEADLINE_MS });
    const { patient } = channels.clientsOf('api');
    const ctx = { actor: { kind: 'service', service: 'bench' }, requestId: 'bench' } as const;
    const caller = async () => {
      const begun = performance.now();
      const told = await patient.getPerson({ ctx, input: { patientId: 'nobody', reveal: false } }).then(() => 'answered', (error: { code?: string }) => error.code);
      if (told !== 'service_timeout') throw new Error(`the silent callee came to ${told}`);
      late.push(performance.now() - begun - DEADLINE_MS);
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    channels.close();
  }
  await closed(silent);
  return { name: 'Callers of a silent callee, 50 at once, told after their deadline at most', measured: rounded(Math.max(...late)), unit: 'ms', bound: { atMost: 50 }, samples: { 'ms late': late } };
}
