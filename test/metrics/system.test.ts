// Real: the whole system, PostgreSQL, Temporal, the mailbox; the metrics are read at the front door.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ringKeyProvider } from '../../db/encryption/key-provider.ts';
import { fails, FaultPlan } from '../faults/fault-plan.ts';
import { directStudy, type DirectStudy, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { memoryRing, TEST_SECRETS } from '../support/secrets.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { QUERIES } from './deployed.ts';
import { asked } from './promql.ts';
import { look, type Shown } from './shown.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-/;
const ring = memoryRing('k20260105-0a1b2c3d');
const plan = new FaultPlan();
let app: TestSystem;
let dir: string;
let direct: DirectStudy;
let screened: DirectStudy;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-metrics-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'process' }]);
  app = await startTestSystem({
    interceptors: plan.interceptors,
    shown: { metricsFreshMs: 0, seals: { everyMs: 200, dir }, tls: { ca: cert, cert, key }, secrets: { ...TEST_SECRETS, keys: ringKeyProvider(ring), payloadKeys: ring, auditSealKeys: ring } },
  });
  [direct, screened] = [await directStudy(app), await directStudy(app, { protocol: SCREENED_PROTOCOL })];
}, 120_000);
afterAll(async () => {
  await app.stop();
  await rm(dir, { recursive: true, force: true });
});

const enrolled = async (patientId?: string) => {
  const { body } = await direct.enrol(patientId ?? (await direct.register()));
  await direct.until(body.enrollmentId, ({ outcome }) => outcome === 'active');
  return body.enrollmentId;
};
const both = async () => [await look(app.url), await look(app.url, '/metrics/temporal')] as const;
const completed = async () => (await look(app.url, '/metrics/temporal')).sum('temporal_workflow_completed_total', { workflow_type: 'consentToEnrollment' });

describe('the metrics of a running system', () => {
  it('move by exactly what was done: one participant enrolled, one who withdrew during the screening', async () => {
    const patients = [await direct.register(), await screened.register()] as const;
    const [before, coreBefore] = await both();
    await enrolled(patients[0]);
    const { body } = await screened.enrol(patients[1]);
    await screened.until(body.enrollmentId, ({ awaiting }) => awaiting?.what === 'screening_results');
    await screened.withdraw(body.enrollmentId);
    await screened.until(body.enrollmentId, ({ outcome }) => outcome === 'declined');
    await expect.poll(completed, { timeout: 20_000 }).toBe(coreBefore.sum('temporal_workflow_completed_total', { workflow_type: 'consentToEnrollment' }) + 2);
    const [after, coreAfter] = await both();
    const moved = (name: string, labels: Record<string, string> = {}, [now, then]: readonly [Shown, Shown] = [after, before]) => now.sum(name, labels) - then.sum(name, labels);
    const movedBy = (name: string, label: string) => {
      const values = new Set(after.series.filter((one) => one.name === name).map(({ labels }) => labels[label]!));
      return Object.fromEntries([...values].map((value) => [value, moved(name, { [label]: value })] as const).filter(([, by]) => by !== 0));
    };

    const POST = { method: 'POST', route: '/api/v1/enrollments', status: '201' };
    expect([moved('http_requests_total', POST), moved('http_request_duration_seconds_count', POST)]).toEqual([2, 2]);
    const admission = { grpc_service: 'study.v1.StudyService', grpc_method: 'CheckAdmission', grpc_code: 'OK' };
    expect([moved('grpc_server_handled_total', admission), moved('grpc_client_handled_total', { ...admission, caller: 'api' }), moved('grpc_server_handling_seconds_count', admission)]).toEqual([2, 2, 2]);
    expect(movedBy('trial_enrollments_ended_total', 'outcome')).toEqual({ active: 1, declined: 1 });
    expect(movedBy('trial_stage_seconds_count', 'stage')).toEqual({ consent: 2, screening: 1, slot: 1, enrollment: 1, casebook: 1, activation: 1 });
    expect(movedBy('trial_compensations_total', 'step')).toEqual({ opening: 1, screening: 1 });
    expect(moved('trial_compensations_total', { result: 'failed' })).toBe(0);
    expect(movedBy('trial_notification_deliveries_total', 'kind')).toEqual({ consent_recorded: 4, enrolled: 1, not_enrolled: 1 });
    expect(movedBy('trial_enrollments', 'outcome')).toEqual({ active: 1, declined: 1 });
    expect(moved('trial_enrollments', { stage: 'activation', outcome: 'active' })).toBe(1);
    expect(movedBy('trial_slots_used', 'status')).toEqual({ confirmed: 1 });
    expect([moved('trial_slots_cap'), after.sum('trial_enrollments_need_attention'), after.sum('trial_stuck_cases')]).toEqual([0, 0, 0]);
    for (const [activity_type, times] of Object.entries({ recordConsent: 2, openEnrollment: 2, reserveSlot: 1, enrollParticipant: 1, cancelOpening: 1, closeScreening: 1, recordOutcome: 2 })) {
      expect(moved('temporal_activity_execution_latency_seconds_count', { activity_type }, [coreAfter, coreBefore]), activity_type).toBe(times);
    }
  }, 60_000);

  it('show what a step that fails leaves behind, until it goes on', async () => {
    const patientId = await direct.register();
    plan.arm({ patientId, activity: 'openCasebook' }, fails);
    const { body } = await direct.enrol(patientId);
    await direct.until(body.enrollmentId, ({ needsAttention }) => needsAttention);
    const attention = async () => (await look(app.url)).sum('trial_enrollments_need_attention', { stage: 'casebook' });
    await expect.poll(attention).toBe(1);
    plan.heal({ patientId, activity: 'openCasebook' });
    await direct.resolve(body.enrollmentId, 'retry');
    await direct.until(body.enrollmentId, ({ outcome }) => outcome === 'active');
    expect(await attention()).toBe(0);
  }, 60_000);

  it('are as many after ten more enrollments as before, here and in the core, and no id is in any of them', async () => {
    const seriesOf = (shown: readonly Shown[]) => shown.flatMap(({ series }) => series.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)).toSorted();
    const names = async () => {
      await expect.poll(async () => (await look(app.url)).sum('trial_enrollments', { outcome: 'open' })).toBe(0);
      return seriesOf(await both());
    };
    const before = await names();
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 2) ids.push(...(await Promise.all([enrolled(), enrolled()])));
    const after = await names();
    // How a call or a task ends, and which handle of the process is open, are not about ids.
    const ours = (series: string[]) => series.filter((one) => /^(http_|grpc_|trial_|db_|audit_|task_queue_|key_|tls_|temporal_(activity|workflow))/.test(one));
    expect(ours(after).filter((one) => !before.includes(one) && !/grpc_code":"(?!OK)|problem"|_failed_total/.test(one))).toEqual([]);
    expect(after.filter((one) => UUID.test(one) || ids.some((id) => one.includes(id)) || /ST-\d|SITE-\d/.test(one))).toEqual([]);
  }, 60_000);

  it('have every metric, with every label, that an alert, a recording rule or a dashboard asks for', async () => {
    await expect.poll(async () => (await look(app.url)).sum('audit_entries_checked_total'), { timeout: 10_000 }).toBeGreaterThan(0);
    // Something that is refused.
    await direct.clinician.get(`/patients/${randomUUID()}`);
    const known = new Map<string, Set<string>>([['up', new Set()]]);
    for (const { name, labels } of (await both()).flatMap(({ series }) => series)) {
      const seen = known.get(name) ?? new Set();
      for (const label of Object.keys(labels)) seen.add(label);
      known.set(name, seen);
    }
    for (const { record, query } of QUERIES) if (record !== undefined) known.set(record, new Set(asked(query).result ?? []));
    // Prometheus' own, of whatever it scrapes.
    for (const labels of known.values()) for (const label of ['instance', 'job']) labels.add(label);
    const missing = QUERIES.flatMap(({ where, query, legend = '' }) => {
      const { metrics, result } = asked(query);
      const wrong = metrics.flatMap(({ name, labels }) => (known.has(name) ? labels.filter((label) => !known.get(name)!.has(label)).map((label) => `${where}: ${name} has no ${label}`) : [`${where}: no ${name}`]));
      const shown = result ?? metrics.flatMap(({ name }) => [...(known.get(name) ?? [])]);
      const legends = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label).filter((label) => !shown.includes(label));
      return [...wrong, ...legends.map((label) => `${where}: nothing to put in for {{${label}}}`)];
    });
    expect(missing).toEqual([]);
  }, 30_000);

  it('tell how old keys are and until when certificates hold', async () => {
    const { sum } = await look(app.url);
    for (const name of ['key_encryption', 'payload', 'audit_seal']) expect(sum('key_created_timestamp_seconds', { ring: name })).toBe(Date.UTC(2026, 0, 5) / 1000);
    expect(sum('tls_certificate_expiry_timestamp_seconds', { certificate: 'grpc' }) * 1000).toBeGreaterThan(Date.now());
  });

  it('are shown though a database does not answer what it is asked, without what only that one knows', async () => {
    const { sql } = app.database;
    await sql`alter table site.activations rename to away`;
    const { series, sum } = await look(app.url);
    const { sum: later } = await look(app.url);
    await sql`alter table site.away rename to activations`;
    expect(series.map(({ name }) => name)).not.toContain('trial_slots_cap');
    expect(sum('trial_enrollments')).toBeGreaterThan(0);
    expect(later('metrics_reads_failed_total', { what: 'slots' })).toBeGreaterThan(0);
    expect((await look(app.url)).sum('trial_slots_cap')).toBeGreaterThan(0);
  }, 30_000);
});
