import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { connectDatabase } from '../../../db/index.ts';
import { findPerson } from '../../../services/patient/person-view.ts';
import type { Load } from '../load/load.ts';
import type { JobResult } from '../load/jobs.ts';
import type { Line } from '../report.ts';
import { median, quantile, rounded } from '../statistics.ts';
import type { BenchStudy } from '../study.ts';
import type { BenchSystem } from '../system.ts';

type At = { at: BenchSystem; study: BenchStudy; load: Load };

/** POST /enrollments until its 201, one after the other, each on a system that has nothing else to do. */
export async function measurePost({ at, study, load }: At, requests: number): Promise<Line[]> {
  const patients = await study.register(requests);
  const result = await load.run({
    kind: 'sequence',
    url: at.system.url,
    token: await study.clinicianToken(),
    requests: patients.map((patientId) => ({ method: 'POST', path: '/api/v1/enrollments', body: study.body(patientId), key: randomUUID() })),
    settles: true,
  });
  requireAll(result, 201);
  const samples = { ms: result.latencies };
  return [
    { name: 'POST /enrollments until 201, unloaded p50', measured: median(result.latencies), unit: 'ms', bound: { atMost: 50 }, samples },
    { name: 'POST /enrollments until 201, unloaded p99', measured: quantile(result.latencies, 0.99), unit: 'ms', bound: { atMost: 150 }, samples: {} },
  ];
}

/** GET /patients/{id} at 50 connections, in turns with a bare Hono route that runs the same query. */
export async function measureGetPatient({ at, study, load }: At, options: { rounds: number; durationMs: number }): Promise<Line[]> {
  const ids = await study.register(50);
  const bare = await bareRoute(at);
  const job = { kind: 'hammer', token: await study.clinicianToken(), connections: 50, durationMs: options.durationMs } as const;
  const hammerOurs = () => load.run({ ...job, url: at.system.url, paths: ids.map((id) => `/api/v1/patients/${id}`) });
  const hammerBare = () => load.run({ ...job, url: bare.url, paths: ids.map((id) => `/${id}`) });
  const rates: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  const p99: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const [side, hammer] of [['bare', hammerBare], ['ours', hammerOurs]] as const) {
      const result = await hammer();
      requireAll(result, 200);
      // The first round warms up.
      if (round === 0) continue;
      rates[side].push((result.latencies.length * 1000) / result.elapsedMs);
      p99[side].push(quantile(result.latencies, 0.99));
    }
  }
  await bare.stop();
  return [
    { name: 'GET /patients/{id}, 50 connections, p99', measured: median(p99.ours), unit: 'ms', bound: { atMost: 200 }, samples: { 'ours p99 ms': p99.ours, 'bare p99 ms': p99.bare } },
    {
      name: 'GET /patients/{id} against a bare route, requests a second',
      measured: rounded(median(rates.ours) / median(rates.bare), 2),
      unit: '×',
      bound: { atLeast: 0.5 },
      samples: { 'ours per s': rates.ours, 'bare per s': rates.bare },
    },
  ];
}

/** Hono, its Node server and the query that the Patient service makes; no authentication, no validation, no log. */
async function bareRoute(at: BenchSystem): Promise<{ url: string; stop(): Promise<void> }> {
  const db = connectDatabase({ url: at.adminUrl, schema: 'patient', secrets: at.secrets });
  const app = new Hono().get('/:id', async (c) => c.json((await findPerson(db, db.orm, c.req.param('id'))) ?? null));
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const starting = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(starting));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      });
      await db.close();
    },
  };
}

/** A fast refusal would make a good number. */
export function requireAll({ statuses }: JobResult, wanted: number): void {
  const others = Object.entries(statuses).filter(([status]) => Number(status) !== wanted);
  if (others.length > 0) throw new Error(`answers other than ${wanted}: ${others.map(([status, count]) => `${count} × ${status}`).join(', ')}`);
}
