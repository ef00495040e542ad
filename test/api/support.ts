import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createApp } from '../../api/app.ts';
import { createDevIssuer } from '../../runtime/dev-issuer.ts';
import type { AuthenticatedUser } from '../../api/auth/token.ts';
import type { Api, ApiDeps } from '../../api/deps.ts';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { type Composition, composeServices, type Services } from '../../runtime/services.ts';
import { freshServiceKeys } from '../../runtime/rpc/keys.ts';
import { assertionSigner, type Role } from '../../services/common/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { payloadOpener } from '../../runtime/temporal-codec/payload-opener.ts';
import { testLog } from '../support/log.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { fakeOperations } from './fake-operations.ts';
import { type FakeGateway, fakeGateway } from './fake-gateway.ts';

/** The members of answers that tests look into; which of them are there depends on the operation. */
export type AnswerBody = {
  patientInfo: { id: string; name: string; mobile: string | null; siteIds: string[] };
  items: { enrollmentId: string }[];
  errors: { pointer: string; detail: string }[];
  byStage: Record<string, number>;
  byOutcome: Record<string, number>;
  total: number;
  nextCursor: string | null;
  degraded: string[];
} & Record<'enrollmentId' | 'consentId' | 'studyId' | 'siteId' | 'delegationId' | 'code' | 'traceId' | 'stage' | 'validity' | 'interruption', string>;
export type Answer = { status: number; headers: Headers; text: string; body: AnswerBody };
export type Ask = { body?: unknown; raw?: string; key?: string | null; headers?: Record<string, string> };
export type Caller = (method: string, path: string, ask?: Ask) => Promise<Answer>;

/** The API on real services and a database of its own; only the workflow engine and the mail server are stand-ins. */
export type TestApi = {
  app: Api;
  gateway: FakeGateway;
  services: Composition;
  database: TestDatabase;
  as(role: Role, user?: Partial<AuthenticatedUser>): Caller;
  anonymous: Caller;
  stop(): Promise<void>;
};

let lastKey = 0;
export const nextKey = () => `key-${(lastKey += 1)}`;

/** `deps`: what a test has the API reach instead, or beside. */
export async function startTestApi({ log = testLog, deps = {} }: { log?: Logger; deps?: Partial<ApiDeps> } = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-api-'));
  const issuer = await createDevIssuer({ keyFile: join(dir, 'issuer.json') });
  const serviceKeys = await freshServiceKeys();
  const services = await composeServices({
    serviceKeys,
    databaseUrls: Object.fromEntries(SERVICES.map((name) => [name, database.urlOf(name)])) as Record<ServiceName, string>,
    databaseTimeoutMs: 5000,
    secrets: TEST_SECRETS,
    clock: () => new Date(),
    mailer: { domain: 'trial.example', send: async () => undefined, verify: async () => undefined, close: () => undefined },
    opsEmail: null,
    callDeadlineMs: 5000,
    edgeDeadlineMs: 10_000,
  });
  const clients = services.channels.clientsOf('api');
  const gateway = fakeGateway(services.services as Services);
  const app = createApp({
    clients,
    assert: assertionSigner({ privateKey: serviceKeys.privateKeys.api!, hashKey: TEST_SECRETS.hashKey, clock: () => new Date() }),
    openPayload: payloadOpener(TEST_SECRETS.payloadKeys),
    enrollments: gateway,
    operations: fakeOperations(),
    auth: issuer,
    readiness: async () => ({ database_patient: 'ok', temporal: gateway.away ? 'unavailable' : 'ok' }),
    hashKey: TEST_SECRETS.hashKey,
    partDeadlineMs: 5000,
    log,
    clock: () => new Date(),
    ...deps,
  });
  const caller = (token: () => Promise<string | null>): Caller => async (method, path, ask = {}) => {
    const bearer = await token();
    const key = ask.key === undefined ? nextKey() : ask.key;
    const text = ask.raw ?? (ask.body === undefined ? undefined : JSON.stringify(ask.body));
    // The codec server stands outside of the API.
    const answer = await app.request(path.startsWith('/codec/') ? path : `/api/v1${path}`, {
      method,
      headers: {
        ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(text === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'POST' && key !== null ? { 'Idempotency-Key': key } : {}),
        ...ask.headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const said = await answer.text();
    const isJson = answer.headers.get('Content-Type')?.includes('json') ?? false;
    return { status: answer.status, headers: answer.headers, text: said, body: (isJson ? JSON.parse(said) : {}) as AnswerBody };
  };
  return {
    app,
    gateway,
    services,
    database,
    as: (role, user = {}) => {
      const id = user.id ?? `${role}-1`;
      const token = issuer.sign({ name: `Somebody ${role}`, sites: [], studies: [], ...user, id, role });
      return caller(() => token);
    },
    anonymous: caller(async () => null),
    stop: async () => {
      await services.close();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
