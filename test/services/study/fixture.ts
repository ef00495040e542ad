import { uuidv7 } from 'uuidv7';
import type { Ctx } from '../../../services/common/index.ts';
import type { EdcClient } from '../../../services/edc/client.ts';
import type { SiteClient } from '../../../services/site/client.ts';
import { type NewConsentVersion, type ProtocolInput, studyService, type StudyService } from '../../../services/study/index.ts';
import type { EnrollmentIdentity } from '../../../services/study/types.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { TRUSTING } from '../../support/commands.ts';

export type Screening = NonNullable<Awaited<ReturnType<EdcClient['screeningResultsOf']>>>;
type Activation = NonNullable<Awaited<ReturnType<SiteClient['getActivation']>>>;

export const NOW = new Date('2026-11-22T10:00:00.000Z');
export const ctx: Ctx = { actor: { kind: 'user', id: 'coord-1', name: 'Lin Hua', role: 'coordinator' }, requestId: 'test' };
export const key = () => `key/${uuidv7()}`;

export const PROTOCOL: ProtocolInput = {
  version: '2.0',
  effectiveAt: '2026-01-15T00:00:00Z',
  visits: [{ code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
};

export type World = {
  database: TestDatabase;
  service: StudyService;
  /** The stand-in for Site: what it says of a study and site, by `studyId/siteId`. */
  activations: Map<string, Activation>;
  /** The stand-in for EDC: an enrollment's screening, by its id. */
  screenings: Map<string, Screening>;
  /** The stand-in for Patient: enrollments whose participants have no consent. */
  unconsented: Set<string>;
  now: { at: Date };
  drop(): Promise<void>;
};

/** Study on a real database; Site, EDC and Patient are stand-ins. */
export async function createWorld(): Promise<World> {
  const database = await createTestDatabase();
  const activations = new Map<string, Activation>();
  const screenings = new Map<string, Screening>();
  const unconsented = new Set<string>();
  const now = { at: NOW };
  const service = studyService({
commands: TRUSTING,
    db: database.connect('study'),
    clock: () => now.at,
    patient: { consentInForce: async ({ input }) => ({ inForce: !unconsented.has(input.enrollmentId) }) },
    site: { getActivation: async ({ input }) => activations.get(`${input.studyId}/${input.siteId}`) ?? null },
    edc: { screeningResultsOf: async ({ input }) => screenings.get(input.enrollmentId) ?? null },
  });
  return { database, service, activations, screenings, unconsented, now, drop: () => database.drop() };
}

export type Trial = { studyId: string; studyCode: string; siteId: string; siteCode: string; protocolVersionId: string };

/** A study of its own with a protocol, and one active site with a principal investigator. */
export async function createTrial({ service, activations }: World, protocol: ProtocolInput = PROTOCOL): Promise<Trial> {
  const siteId = uuidv7();
  const studyCode = `ONC-${siteId.slice(-8)}`;
  const siteCode = `BJ-${siteId.slice(-4)}`;
  const { studyId } = await service.createStudy({ ctx, key: key(), input: { code: studyCode, title: 'A trial' } });
  const { protocolVersionId } = await service.addProtocolVersion({ ctx, key: key(), input: { studyId, protocol } });
  const trial = { studyId, studyCode, siteId, siteCode, protocolVersionId };
  await addPrincipal(service, trial);
  activations.set(`${studyId}/${siteId}`, {
    activationId: uuidv7(),
    studyId,
    siteId,
    site: { code: siteCode, name: 'A hospital', timezone: 'Asia/Shanghai' },
    cap: 10,
    reserved: 0,
    confirmed: 0,
    approvals: [{ protocolVersion: protocol.version, ethicsApprovedAt: '2026-01-10T00:00:00.000Z' }],
  });
  return trial;
}

export async function addPrincipal(service: StudyService, { studyId, siteId }: Pick<Trial, 'studyId' | 'siteId'>): Promise<void> {
  const input = { studyId, siteId, userId: 'inv-7', name: 'Wang Min', email: 'inv-7@hospital.example', role: 'principal' as const };
  await service.addInvestigator({ ctx, key: key(), input });
}

export function identityOf(trial: Trial, given: Partial<EnrollmentIdentity> = {}): EnrollmentIdentity {
  const enrollmentId = uuidv7();
  return { ...trial, enrollmentId, patientId: uuidv7(), requestKey: `request/${enrollmentId}`, contentHash: 'a'.repeat(64), rescreenOf: null, ...given };
}

export const SIGNED_AT = '2026-11-22T08:00:00.000Z';

/** Opens an enrollment under the step's key, as the workflow does. */
export function open(service: StudyService, identity: EnrollmentIdentity, revision = 1) {
  const input = { identity, revision, consentId: identity.enrollmentId, signedAt: SIGNED_AT };
  return service.openEnrollment({ ctx, key: `${identity.enrollmentId}/openEnrollment/1`, input });
}

export function enroll(service: StudyService, identity: EnrollmentIdentity, revision = 2) {
  return service.enrollParticipant({ ctx, key: `${identity.enrollmentId}/enrollParticipant/1`, input: { identity, revision } });
}

type Value = number | boolean | string;

/** What EDC says from now on of the enrollment's screening; the first value of an item is the current one. */
export function enterResults({ screenings }: World, { enrollmentId }: EnrollmentIdentity, values: [item: string, value: Value, unit?: string][]): void {
  const results = values.map(([item, value, unit], index) => ({
    item,
    value,
    unit: unit ?? null,
    performedAt: '2026-11-22T09:00:00.000Z',
    standardOfCare: false,
    reason: null,
    enteredAt: NOW.toISOString(),
    enteredBy: ctx.actor,
    current: values.findIndex(([other]) => other === item) === index,
  }));
  const items = [...new Set(values.map(([item]) => item))];
  screenings.set(enrollmentId, { screeningId: enrollmentId, status: 'open', consentSignedAt: SIGNED_AT, revision: values.length, items, results });
}

export const CONSENT = { version: '3.0', language: 'zh-CN' };

/** Evaluates as the workflow does after each part of the results. */
export function evaluate({ service }: World, identity: EnrollmentIdentity, given: { key?: string; revision?: number; version?: string } = {}) {
  const consent = { consentId: identity.enrollmentId, ...CONSENT, version: given.version ?? CONSENT.version, signedAt: SIGNED_AT };
  return service.evaluateEligibility({ ctx, key: given.key ?? key(), input: { identity, revision: given.revision ?? 2, round: 1, consent } });
}

/** Adds a consent version of the site, effective since long before now unless told otherwise. */
export function addConsentVersion({ service }: World, { studyId, siteId }: Pick<Trial, 'studyId' | 'siteId'>, given: Partial<NewConsentVersion> = {}) {
  const at = '2026-06-01T00:00:00.000Z';
  const version = { ...CONSENT, approvedAt: at, effectiveAt: at, documentSha256: '0'.repeat(64), ...given };
  return service.addConsentVersion({ ctx, key: key(), input: { studyId, siteId, ...version } });
}
