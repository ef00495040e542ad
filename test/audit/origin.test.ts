// Real: the whole system; a person acts over HTTP, and everything that follows by workflow and gRPC is in the trail.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SERVICES } from '../../db/provision.ts';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { auditOf } from '../support/audit.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

let at: TestSystem;
let study: DirectStudy;
beforeAll(async () => {
  at = await startTestSystem();
  study = await directStudy(at);
});
afterAll(() => at.stop());

const TRACE = '0af7651916cd43dd8448eb211c80319c';

it('from where somebody acts and in which trace is in every entry that follows from it, in every service', async () => {
  const patientId = await study.register();
  const token = await at.issuer.sign({ id: 'clinician-7', name: 'Dr. Chen', role: 'clinician', sites: [study.siteCode], studies: [] });
  const response = await fetch(`${at.url}/api/v1/enrollments`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID(), traceparent: `00-${TRACE}-b7ad6b7169203331-01`, 'X-Forwarded-For': '203.0.113.9' },
    body: JSON.stringify(study.body(patientId)),
  });
  expect(response.status).toBe(201);
  const { enrollmentId } = (await response.json()) as { enrollmentId: string };
  await study.until(enrollmentId, ({ outcome }) => outcome === 'active');
  const { sql } = at.database;
  for (const service of SERVICES) {
    const rows = await auditOf(sql, service, sql`trace_id = ${TRACE}`);
    expect(rows.length, service).toBeGreaterThan(0);
    // Nobody may say by themselves where they are.
    for (const { address, verb } of rows) expect(address, `${service} ${verb}`).toBe('127.0.0.1');
  }
  const [stray] = await sql`select count(*)::int as count from study.audit_entries where actor::text like '%clinician-7%' and trace_id is distinct from ${TRACE}`;
  expect(stray).toEqual({ count: 0 });
});

it('an address stands nowhere in plain', async () => {
  for (const service of SERVICES) {
    const rows = await at.database.sql.unsafe<{ row: string }[]>(`select e::text as row from ${service}.audit_entries e`);
    expect(rows.filter(({ row }) => row.includes('127.0.0.1') || row.includes(Buffer.from('127.0.0.1').toString('hex')))).toEqual([]);
  }
});
