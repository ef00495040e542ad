import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job, JobResult } from './jobs.ts';

/** The process that sends the load, so that sending it costs the measured process nothing. One job at a time, by IPC. */
process.on('message', (job: Job) => {
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : 'unknown' }),
  );
});

type HttpJob = Exclude<Job, { kind: 'rpc' }>;
type Sent = { method: 'GET' | 'POST'; path: string; body?: unknown; key?: string };
type Answer = { status: number; body: string };
type Tally = { latencies: number[]; statuses: Record<number, number> };

async function run(job: Job): Promise<JobResult> {
  // Loaded only here: the other jobs need none of it.
  if (job.kind === 'rpc') return (await import('./rpc.ts')).callPatient(job);
  const agent = new Agent({ keepAlive: true, maxSockets: job.kind === 'hammer' ? job.connections : 1 });
  const tally: Tally = { latencies: [], statuses: {} };
  const begun = performance.now();
  if (job.kind === 'hammer') await hammer(job, agent, tally);
  else await sequence(job, agent, tally);
  const elapsedMs = performance.now() - begun;
  agent.destroy();
  return { ...tally, elapsedMs };
}

async function hammer(job: Extract<Job, { kind: 'hammer' }>, agent: Agent, tally: Tally): Promise<void> {
  const until = performance.now() + job.durationMs;
  let next = 0;
  const connection = async () => {
    while (performance.now() < until) {
      const path = job.paths[next % job.paths.length] ?? '/';
      next += 1;
      await timed({ method: 'GET', path }, job, agent, tally);
    }
  };
  await Promise.all(Array.from({ length: job.connections }, connection));
}

async function sequence(job: Extract<Job, { kind: 'sequence' }>, agent: Agent, tally: Tally): Promise<void> {
  for (const sent of job.requests) {
    const answer = await timed(sent, job, agent, tally);
    if (job.settles && answer.status < 300) await settled((JSON.parse(answer.body) as { enrollmentId: string }).enrollmentId, job, agent);
  }
}

/** The rest of an enrollment must not run beside the next POST: an unloaded system is measured. */
async function settled(enrollmentId: string, job: HttpJob, agent: Agent): Promise<void> {
  for (let look = 0; look < 200; look += 1) {
    const { body } = await send({ method: 'GET', path: `/api/v1/enrollments/${enrollmentId}` }, job, agent);
    if ('outcome' in (JSON.parse(body) as object)) return;
    await delay(25);
  }
  throw new Error('an enrollment did not come to its outcome');
}

async function timed(sent: Sent, job: HttpJob, agent: Agent, tally: Tally): Promise<Answer> {
  const begun = performance.now();
  const answer = await send(sent, job, agent);
  tally.latencies.push(performance.now() - begun);
  tally.statuses[answer.status] = (tally.statuses[answer.status] ?? 0) + 1;
  return answer;
}

function send({ method, path, body, key }: Sent, { url, token }: HttpJob, agent: Agent): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  return new Promise((resolve, reject) => {
    const sending = request(`${url}${path}`, { method, headers, agent, timeout: 15_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    sending.on('timeout', () => sending.destroy(new Error('no answer within 15 s')));
    sending.on('error', reject);
    sending.end(payload);
  });
}
