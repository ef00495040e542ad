import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVED } from '../../runtime/rpc/routes.ts';
import { openChannels } from '../../runtime/rpc/channels.ts';
import { freshServiceKeys } from '../../runtime/rpc/keys.ts';
import { startGrpcServer } from '../../runtime/rpc/grpc-server.ts';
import { accessOf, type Authority, type Grant, OPERATIONS, type OperationId } from '../../services/common/authority/index.ts';
import { type Ctx, ROLES, type Role } from '../../services/common/index.ts';
import { guards as edcGuards } from '../../services/edc/guards.ts';
import { guards as notificationGuards } from '../../services/notification/guards.ts';
import { guards as patientGuards } from '../../services/patient/guards.ts';
import { guards as siteGuards } from '../../services/site/guards.ts';
import { guards as studyGuards } from '../../services/study/guards.ts';
import { startTestApi, type TestApi } from '../api/support.ts';
import { enrolled, setUpTrial, type Trial } from '../api/trial.ts';

/** What the edge says, anybody who has the edge's token can say: the services themselves hold it against the policy. */
const GUARDS = { patient: patientGuards, study: studyGuards, site: siteGuards, edc: edcGuards, notification: notificationGuards };
type Verbs = Record<string, (call: object) => Promise<unknown>>;
type Row = { service: keyof typeof GUARDS; verb: string; operations: readonly OperationId[] };

const INPUTS = {
  getPerson: [{ reveal: false }, { reveal: true }],
} as Record<string, object[]>;

const ROWS: Row[] = (Object.keys(GUARDS) as (keyof typeof GUARDS)[]).flatMap((service) =>
  Object.entries(GUARDS[service]).flatMap(([verb, guard]) => {
    if (typeof guard === 'string') return [];
    const operations = typeof guard.for === 'function' ? (INPUTS[verb] ?? []).flatMap((input) => [...(guard.for as (input: object) => readonly OperationId[])(input)]) : guard.for;
    return [{ service, verb, operations }];
  }),
);

let api: TestApi;
let trial: Trial;
let ids: { patientId: string; enrollmentId: string; consentId: string };
let clients: Record<keyof typeof GUARDS, Verbs>;
/** By the same handlers without the wire: all that anybody could say is a lot. */
let near: typeof clients;
let stop: () => Promise<void>;

beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
  ids = await enrolled(api, trial);
  const screening = { id: uuidv7(), enrollment_id: ids.enrollmentId, study_id: trial.studyId, site_id: trial.siteId, subject_number: 'S1-0001', protocol_version_id: uuidv7() };
  await api.database.sql`insert into edc.screenings ${api.database.sql({ ...screening, consent_signed_at: new Date(), items: [] as never, status: 'open', opened_at: new Date() })}`;
  const serviceKeys = await freshServiceKeys();
  const server = await startGrpcServer({ services: api.services.services, keys: serviceKeys, onUnexpected: () => undefined, listen: { host: '127.0.0.1', port: 0 } });
  const peers = Object.fromEntries(Object.keys(GUARDS).map((name) => [name, server.url]));
  const channels = openChannels({ services: {}, peers, serviceKeys, callDeadlineMs: 5000, edgeDeadlineMs: 5000 });
  clients = channels.clientsOf('api') as never;
  const inMemory = openChannels({ services: api.services.services, serviceKeys, callDeadlineMs: 5000, edgeDeadlineMs: 5000 });
  near = inMemory.clientsOf('api') as never;
  stop = async () => {
    channels.close();
    await server.stop();
  };
});
afterAll(async () => {
  await stop();
  await api.stop();
});

const NOWHERE = uuidv7();
/** As the edge would work it out for somebody of the trial's site and study, or of another. */
function grantFor(access: string, within: boolean): Grant {
  switch (access) {
    case 'any':
      return { scope: 'any' };
    case 'no-participant':
      return { scope: 'no-participant' };
    case 'site':
      return { scope: 'site', siteIds: [within ? trial.siteId : NOWHERE] };
    case 'site-code':
      return { scope: 'site-code', siteCodes: [within ? 'S1' : 'S9'] };
    case 'study':
      return { scope: 'study', studyIds: [within ? trial.studyId : NOWHERE], siteIds: null };
    default:
      return { scope: 'self', patientId: within ? ids.patientId : NOWHERE };
  }
}

const ctxFor = (role: Role, authority?: Authority): Ctx => ({ actor: { kind: 'user', id: `${role}-1`, name: 'Somebody', role }, requestId: 'test', ...(authority ? { authority } : {}) });

/** An input that names things of the trial; what else a verb needs is missing, so nothing is ever changed by it. */
const inputFor = (verb: string, operation: OperationId): object => ({
  ...(verb === 'getPerson' ? { reveal: operation === 'revealPatient' } : {}),
  ...Object.fromEntries(FIELDS.filter((field) => fieldsOf(verb).has(field)).map((field) => [field, { patientId: ids.patientId, enrollmentId: ids.enrollmentId, studyId: trial.studyId, siteId: trial.siteId, consentId: ids.consentId }[field]])),
});
const FIELDS = ['patientId', 'enrollmentId', 'studyId', 'siteId', 'consentId'] as const;
function fieldsOf(verb: string): Set<string> {
  const { desc, table } = Object.values(SERVED).find((one) => Object.hasOwn(one.table, verb))!;
  return new Set(Object.keys((desc.method as Record<string, { input: { field: Record<string, unknown> } }>)[table[verb]!.method]!.input.field));
}

const refusal = async (row: Row, ctx: Ctx, input: object, by = clients): Promise<string | null> =>
  by[row.service][row.verb]!({ ctx, key: `rest/x/${uuidv7()}`, input }).then(
    () => null,
    (error: { code?: string }) => error.code ?? 'unknown',
  );

describe('the services themselves', () => {
  it('have a guard for each verb that the edge may call, and no other', () => {
    for (const [name, { table }] of Object.entries(SERVED)) {
      const forTheEdge = Object.entries(table).filter(([, rpc]) => rpc.callers.includes('api')).map(([verb]) => verb);
      expect(Object.keys(GUARDS[name as keyof typeof GUARDS]).toSorted(), name).toEqual(expect.arrayContaining(forTheEdge.toSorted()));
    }
  });

  it.each(ROWS)('$service $verb: no role gets further than the policy lets it, whatever the edge says', async (row) => {
    for (const operation of row.operations) {
      for (const role of ROLES) {
        const access = accessOf(operation, role);
        const input = inputFor(row.verb, operation);
        const said: Grant[] = [grantFor('any', true), grantFor('site', true), grantFor('site-code', true), grantFor('study', true), grantFor('self', true), grantFor('no-participant', true)];
        for (const grant of said.filter(({ scope }) => scope !== access)) {
          // The wire itself is looked at with one operation of each verb.
          const by = operation === row.operations[0] ? clients : near;
          expect(await refusal(row, ctxFor(role, { operation, grant }), input, by), `${operation} as ${role} said to reach ${grant.scope}`).toBe('forbidden');
        }
      }
    }
  });

  it.each(ROWS)('$service $verb: is refused in the course of any operation that has no use for it, and without one', async (row) => {
    for (const operation of OPERATIONS.filter((name) => !row.operations.includes(name))) {
      const role = ROLES.find((one) => !['403', '404'].includes(accessOf(operation, one)));
      if (!role) continue;
      const grant = grantFor(accessOf(operation, role), true);
      expect(await refusal(row, ctxFor(role, { operation, grant }), inputFor(row.verb, operation), near), operation).toBe('forbidden');
    }
    for (const ctx of [ctxFor('admin'), { actor: { kind: 'service', service: 'api' }, requestId: 'x' }, { actor: { kind: 'workflow', workflow: 'w', onBehalfOf: { id: 'a', name: 'A', role: 'admin' } }, requestId: 'x' }] as Ctx[]) {
      expect(await refusal(row, ctx, inputFor(row.verb, 'getPatient')), ctx.actor.kind).toBe('forbidden');
    }
  });

  const HOLDERS = ROWS.filter(({ service, verb }) => {
    const guard = GUARDS[service][verb]!;
    return typeof guard !== 'string' && guard.about !== undefined;
  });
  it.each(HOLDERS)('$service $verb: tells nobody of what belongs elsewhere', async (row) => {
    for (const operation of row.operations) {
      for (const role of ROLES) {
        const access = accessOf(operation, role);
        if (['any', '403', '404'].includes(access)) continue;
        // Whether another site's enrollment stands in the way of a new one is decided where that is answered.
        if (operation === 'createEnrollment' && ['consentOfEnrollment', 'getEnrollment', 'getStudy'].includes(row.verb)) continue;
        const input = inputFor(row.verb, operation);
        const outside = await refusal(row, ctxFor(role, { operation, grant: grantFor(access, false) }), input);
        // A study as such belongs to no site.
        if (outside === null || !/_not_found$|^forbidden$/.test(outside)) {
          const ofNoSite = access !== 'study' && fieldsOf(row.verb).has('studyId') && !fieldsOf(row.verb).has('siteId') && !fieldsOf(row.verb).has('enrollmentId');
          expect(ofNoSite, `${operation} as ${role}: ${outside}`).toBe(true);
        }
      }
    }
  });

  it('let the person of the site do what the policy says', async () => {
    const ctx = ctxFor('coordinator', { operation: 'getPatient', grant: grantFor('site', true) });
    expect(await clients.patient['getPerson']!({ ctx, input: { patientId: ids.patientId, reveal: false } })).toMatchObject({ id: ids.patientId });
    expect(await refusal({ service: 'patient', verb: 'getPerson', operations: [] }, ctx, { patientId: ids.patientId, reveal: true })).toBe('forbidden');
  });

  it('hold the limits of a list against the reach', async () => {
    const asking = (verb: string, operation: OperationId) => (grant: Grant, role: Role, limits: object) =>
      refusal({ service: 'study', verb, operations: [] }, ctxFor(role, { operation, grant }), limits);
    const listing: ReturnType<typeof asking> = (grant, role, limits) => asking('listEnrollments', 'listEnrollments')(grant, role, { limit: 10, ...limits });
    expect(await listing(grantFor('site', true), 'coordinator', { siteIds: [trial.siteId] })).toBeNull();
    for (const limits of [{}, { siteIds: [trial.siteId, NOWHERE] }, { siteIds: [NOWHERE] }]) expect(await listing(grantFor('site', true), 'coordinator', limits)).toBe('forbidden');
    expect(await listing(grantFor('study', true), 'monitor', { studyIds: [trial.studyId] })).toBeNull();
    expect(await listing(grantFor('study', true), 'monitor', {})).toBe('forbidden');
    expect(await listing({ scope: 'study', studyIds: [trial.studyId], siteIds: [trial.siteId] }, 'monitor', { studyIds: [trial.studyId] })).toBe('forbidden');
    expect(await listing(grantFor('self', true), 'patient', { patientId: ids.patientId })).toBeNull();
    expect(await listing(grantFor('self', true), 'patient', {})).toBe('forbidden');
    const studies = asking('listStudies', 'listStudies');
    expect(await studies(grantFor('study', true), 'monitor', { limit: 10, studyIds: [trial.studyId] })).toBeNull();
    for (const limits of [{}, { studyIds: [NOWHERE] }]) expect(await studies(grantFor('study', true), 'monitor', { limit: 10, ...limits })).toBe('forbidden');
    const summary = asking('enrollmentSummary', 'getEnrollmentSummary');
    expect(await summary(grantFor('site', true), 'coordinator', { studyId: trial.studyId, siteIds: [trial.siteId] })).toBeNull();
    for (const limits of [{}, { siteIds: [NOWHERE] }]) expect(await summary(grantFor('site', true), 'coordinator', { studyId: trial.studyId, ...limits })).toBe('forbidden');
    expect(await summary(grantFor('study', true), 'monitor', { studyId: trial.studyId })).toBeNull();
    expect(await summary({ scope: 'study', studyIds: [trial.studyId], siteIds: [trial.siteId] }, 'monitor', { studyId: trial.studyId })).toBe('forbidden');
  });
});
