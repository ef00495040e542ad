import { createHmac } from 'node:crypto';
import type postgres from 'postgres';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectDatabase } from '../../db/index.ts';
import { RETENTION_YEARS } from '../../runtime/defaults.ts';
import { patientService } from '../../services/patient/index.ts';
import { TRUSTING } from '../support/commands.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { auditOf } from '../support/audit.ts';
import { inPlain } from '../support/plain.ts';
import { type Installation, installationAt } from './installation.ts';

// An installation of before: the first migrations, rows as they were written then, and the upgrade on them.
let before: Installation;
let sql: postgres.Sql;
let url: string;
const MARKS = ['Müller-Lüdenscheidt', '13812340077', 'old@mark.example', '1960-02-29', 'C77MARK77', 'allergic to MARK', 'entered twice MARK', '证人甲MARK', 'sister MARK', 'Nurse MARK', 'why MARK', 'new MARK'];

const hmac = (of: unknown) => createHmac('sha256', TEST_SECRETS.hashKey).update(JSON.stringify(of)).digest('hex');
const [patientId, consentId] = [uuidv7(), uuidv7()];

beforeAll(async () => {
  before = await installationAt('patient', '0000_initial');
  ({ url, sql } = before);
  const [person, mobile, email, birth, passport, entry, reason, witness, relation] = MARKS as [string, ...string[]];
  await sql`insert into patient.patients (id, name, mobile, mobile_hash, email, date_of_birth, sex, site_ids, created_at, updated_at)
    values (${patientId}, ${person}, ${mobile!}, ${hmac(['mobile', mobile])}, ${email!}, ${birth!}, 'female', '{}', now(), now())`;
  await sql`insert into patient.patient_identifiers values (${uuidv7()}, ${patientId}, 'passport', 'DE', ${passport!}, ${hmac(['identifier', 'passport', 'DE', passport])}, now())`;
  await sql`insert into patient.history_entries values (${uuidv7()}, ${patientId}, ${sql.json({ category: 'allergy', description: entry! })}, now())`;
  await sql`insert into patient.consents (id, patient_id, study_id, site_id, request_key, status, validity, version, language, method, document_sha256, capacity, can_read, signed_at, recorded_at, entered_in_error_at, entered_in_error_reason)
    values (${consentId}, ${patientId}, ${uuidv7()}, ${uuidv7()}, 'k', 'entered-in-error', 'valid', '1', 'de', 'paper', ${'0'.repeat(64)}, 'full', true, now(), now(), now(), ${reason!})`;
  await sql`insert into patient.consent_signers values (${consentId}, 0, 'witness', ${witness!}, ${relation!}, null, now(), 'signature')`;
  await sql`insert into patient.audit_entries (id, action, verb, entity, entity_id, actor, reason, before, after, request_id) values
    (${uuidv7()}, 'U', 'amendPerson', 'patient', ${patientId}, ${sql.json({ kind: 'user', id: 'crc-1', name: 'Nurse MARK', role: 'coordinator' })}, ${'why MARK'}, ${sql.json({ name: person })}, ${sql.json({ name: 'new MARK' })}, 'r1')`;
  // Many, so that the step comes to its second part.
  await sql`insert into patient.patients (id, name, site_ids, created_at, updated_at) select gen_random_uuid(), 'Person ' || n, '{}', now(), now() from generate_series(1, 1200) n`;
}, 60_000);
afterAll(() => before.drop());

it('an installation of before is sealed whole, found by the new index, and reads as it did', async () => {
  await Promise.all([before.upgrade(), before.upgrade()]);
  const db = connectDatabase({ url, schema: 'patient', secrets: TEST_SECRETS });
  const service = patientService({ db, clock: () => new Date(), commands: TRUSTING, retentionYears: RETENTION_YEARS, study: { judgeConsent: async () => ({ validity: 'valid' }), listEnrollments: async () => ({ items: [], nextCursor: null }) } });
  const ctx = { actor: { kind: 'service', service: 'test' }, requestId: 'test' } as const;
  const [person, mobile, email, birth, passport, entry, reason, , relation] = MARKS;
  expect(await service.getPerson({ ctx, input: { patientId, reveal: true } })).toMatchObject({
    name: person, mobile, email, dateOfBirth: birth, identifiers: [{ type: 'passport', country: 'DE', value: passport }],
  });
  expect((await service.listHistory({ ctx, input: { patientId, limit: 5 } })).items).toMatchObject([{ category: 'allergy', description: entry }]);
  const consent = await service.getConsent({ ctx, input: { consentId } });
  expect(consent).toMatchObject({ enteredInError: { reason }, signers: [{ relationship: relation }], signature: null });
  for (const by of [{ mobile: mobile! }, { identifier: { type: 'passport', country: 'DE', value: passport! } }]) {
    expect((await service.searchPersons({ ctx, input: by })).items.map(({ id }) => id)).toEqual([patientId]);
  }
  const { rows } = { rows: await sql`select id from patient.patients where name is not null` };
  const names = await Promise.all(rows.map(async ({ id }) => (await service.getPerson({ ctx, input: { patientId: id as string, reveal: true } })).name));
  expect(new Set(names).size).toBe(1201);
  await db.close();
});

it('keeps the trail of before as it was, sealed, and appends to it only from then on', async () => {
  const rows = await auditOf(sql, 'patient', sql`request_id = 'r1'`);
  expect(rows).toMatchObject([{ actor: { id: 'crc-1', name: 'Nurse MARK' }, reason: 'why MARK', before: { name: MARKS[0] }, after: { name: 'new MARK' } }]);
  for (const change of ['update patient.audit_entries set verb = verb', 'delete from patient.audit_entries', 'truncate patient.audit_entries']) {
    await expect(sql.unsafe(change), change).rejects.toThrow(/permission denied|append-only/);
  }
});

it('leaves nothing of it in plain in any row', async () => {
  expect(await inPlain(sql, 'patient', MARKS)).toEqual([]);
});
