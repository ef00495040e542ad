import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PatientClient } from '../../../services/patient/client.ts';
import { PatientService as Desc } from '../../../services/patient/patient_pb.js';
import { patientRpc } from '../../../services/patient/rpc.ts';
import { because, ctx, newIdCard, newKey, signedConsent, startPatient } from '../../services/patient/support.ts';
import { overHttp2, type OverHttp2 } from '../support.ts';
import { auditSamples } from './audit-samples.ts';
import { expectSameAnswers } from './contract.ts';
import { answersTo, notSampled } from './fields.ts';
import { auditOf } from '../../support/audit.ts';

// Real: PostgreSQL, the Patient service, HTTP/2 on loopback. Stand-in: Study's judgement of a consent.
let patient: Awaited<ReturnType<typeof startPatient>>;
let wire: OverHttp2;
let client: PatientClient;

beforeAll(async () => {
  patient = await startPatient();
  wire = await overHttp2({ services: { patient: patient.service } });
  client = wire.channels.clientsOf('api').patient;
});
afterAll(async () => {
  await wire.stop();
  await patient.drop();
});

async function samples() {
  const idCard = newIdCard();
  const { patientId } = await patient.register({ idCard, mobile: '13800138000', email: 'zhang@example.org' });
  const { patientId: other } = await patient.register();
  const passport = { type: 'passport', country: 'DE', value: `C${newKey()}` };
  const { patientId: foreign } = await patient.service.registerPerson({ ctx, key: newKey(), input: { name: 'Ann Other', identifiers: [passport], siteId: patient.siteId } });
  const enrollmentId = uuidv7();
  const entry = { category: 'condition', description: '高血压 — since childhood', code: { system: 'ICD-10', value: 'I10' }, startedOn: '2019', endedOn: '2025-03', ongoing: false } as const;
  const body = { studyId: uuidv7(), siteId: patient.siteId, capacity: 'full', canRead: true, consent: signedConsent({ signers: [...signedConsent().signers, { role: 'witness', name: '证人', relationship: 'neighbour', signedAt: '2026-11-22T08:02:00.000Z', mark: 'thumbprint' }] }) } as const;
  const consent = { patientId, enrollmentId, requestKey: newKey(), ...body };
  const { consentId } = await patient.service.recordConsent({ ctx, key: newKey(), input: consent });
  const bare = { patientId, enrollmentId: null, requestKey: newKey(), ...body, consent: signedConsent({ copyGiven: undefined }) };
  const { consentId: mistaken } = await patient.service.recordConsent({ ctx, key: newKey(), input: bare });
  const { consentId: mistakenBefore } = await patient.service.recordConsent({ ctx, key: newKey(), input: { ...bare, requestKey: newKey() } });
  await patient.service.markConsentEnteredInError({ ctx: because('wrong person'), key: newKey(), input: { patientId, consentId: mistakenBefore } });
  // As in what was recorded before it was signed electronically, and in what can't be verified any more.
  await patient.sql`update patient.consents set attested_by = null, attested_at = null where id = ${mistaken}`;
  await patient.sql`update patient.consents set record_sha256 = null where id = ${mistakenBefore}`;
  // No verb revokes a purpose yet.
  await patient.sql`update patient.consent_purposes set revoked_at = now() where consent_id = ${consentId} and purpose = 'futureResearch'`;
  for (const one of [entry, { category: 'other', description: 'short' } as const]) await patient.service.addHistory({ ctx, key: newKey(), input: { patientId, entry: one } });
  const { patientId: erased } = await patient.register();
  await patient.service.erasePerson({ ctx: because('retention has ended'), key: newKey(), input: { patientId: erased } });
  const somebody = () => ({ ...ctx, actor: { kind: 'user', id: newKey(), name: 'Doctor', role: 'clinician' } as const });
  await patient.service.breakGlass({ ctx: somebody(), key: newKey(), input: { patientId, reason: 'unconscious' } });
  const read = (input: object) => ({ ctx, input });
  const command = (input: object, reason?: string) => ({ ctx: reason === undefined ? ctx : because(reason), key: newKey(), input });
  return {
    getPerson: [read({ patientId: erased, reveal: false }), read({ patientId, reveal: false }), read({ patientId, reveal: true }), read({ patientId: other, reveal: true }), read({ patientId: foreign, reveal: true }), read({ patientId: foreign, reveal: false })],
    getPersons: [read({ patientIds: [other, uuidv7(), patientId] })],
    searchPersons: [read({ idCard }), read({ mobile: '13800138000' }), read({ identifier: { type: 'passport', country: 'DE', value: 'C01X' } })],
    listHistory: [read({ patientId, limit: 1 }), read({ patientId, limit: 50, cursor: uuidv7() }), read({ patientId, limit: 50 })],
    listConsents: [read({ patientId, limit: 50 }), read({ patientId, limit: 1 }), read({ patientId, limit: 50, cursor: consentId })],
    listAuditEntries: auditSamples(),
    listDisclosures: [read({ patientId, limit: 1 }), read({ patientId, limit: 1, cursor: '1' }), read({ patientId: other, limit: 50 })],
    getConsent: [read({ consentId }), read({ consentId: mistaken }), read({ consentId: mistakenBefore })],
    consentOfEnrollment: [read({ enrollmentId }), read({ enrollmentId: uuidv7() })],
    consentInForce: [
      read({ enrollmentId, studyId: body.studyId, siteId: patient.siteId }),
      read({ enrollmentId, studyId: body.studyId, siteId: patient.siteId, patientId: other }),
    ],
    sitesOfPerson: [read({ patientId }), read({ patientId: uuidv7() })],
    contactOf: [read({ patientId }), read({ patientId: other })],
    missingSigners: [
      read({ patientId, consentRule: 'CN', capacity: 'limited', canRead: false, signers: [{ role: 'participant', signedAt: '2026-11-22T08:00:00.000Z' }] }),
      read({ patientId, consentRule: 'CN', capacity: 'full', canRead: true, signers: [] }),
    ],
    // Each by another one: one person may open a few records an hour.
    breakGlass: [{ patientId, reason: 'unconscious' }, { idCard, reason: '昏迷' }, { identifier: passport, reason: 'unconscious' }].map((input) => ({ ...command(input), ctx: somebody() })),
    listUntoldBreakGlass: [read({ limit: 10 }), read({ limit: 1, after: uuidv7() })],
    registerPerson: [
      command({ name: '王五', idCard: newIdCard(), mobile: '13800138002', email: 'wang@example.org', siteId: patient.siteId }),
      command({ name: 'Ann Other', identifiers: [{ type: 'passport', country: 'DE', value: `D${newKey()}` }], dateOfBirth: '1980-02-29', sex: 'female', siteId: patient.siteId }),
    ],
    amendPerson: [command({ patientId, expectedVersion: 1, changes: { mobile: null, name: '张三丰' } }, 'typing error'), command({ patientId, expectedVersion: 2, changes: { email: null } }, '更正')],
    addHistory: [command({ patientId, entry }), command({ patientId, entry: { category: 'allergy', description: 'penicillin' } })],
    recordConsent: [command({ ...consent, requestKey: newKey(), enrollmentId: null }), command({ ...consent, requestKey: newKey(), enrollmentId: uuidv7() }), command({ ...bare, requestKey: newKey() })],
    markConsentEnteredInError: [command({ patientId, consentId: mistaken }, 'wrong person')],
  };
}

describe('Patient over gRPC', () => {
  it('answers every verb as the verb itself does', async () => {
    await expectSameAnswers(patientRpc, { service: patient.service, clientOf: (caller) => wire.channels.clientsOf(caller).patient, samples: await samples() });
  });

  it('has each field of its requests and answers sampled, with a value and, where it may be, without', async () => {
    const asked = await answersTo(patientRpc, { clientOf: (caller) => wire.channels.clientsOf(caller).patient, samples: await samples() });
    expect(notSampled(Desc, patientRpc, asked)).toEqual([]);
  });

  it('carries who acts, why and under which request into the audit row', async () => {
    const { patientId } = await patient.register();
    await client.amendPerson({ ctx: because('错别字 – typo'), key: newKey(), input: { patientId, expectedVersion: 1, changes: { name: '李四' } } });
    const [row] = await auditOf(patient.sql, 'patient', patient.sql`entity_id = ${patientId} and action = 'U'`);
    expect(row).toMatchObject({ actor: ctx.actor, reason: '错别字 – typo', request_id: ctx.requestId });
  });

  it('null clears, what is absent stays', async () => {
    const { patientId } = await patient.register({ mobile: '13800138001', email: 'a@example.org' });
    await client.amendPerson({ ctx: because('moved'), key: newKey(), input: { patientId, expectedVersion: 1, changes: { mobile: null } } });
    expect(await client.getPerson({ ctx, input: { patientId, reveal: true } })).toMatchObject({ mobile: null, email: 'a@example.org' });
  });
});
