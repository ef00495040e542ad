// Every string field of every body and every path parameter, from the committed openapi.json: a new route is tried without
// anybody thinking of it. Real services on a real PostgreSQL.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessOf, type OperationId } from '../../services/common/authority/index.ts';
import { ROLES } from '../../services/common/index.ts';
import { startTestApi, type TestApi } from '../api/support.ts';
import { HOME, newPerson, registered, setUpTrial, type Trial } from '../api/trial.ts';

type Schema = { type?: string | string[]; $ref?: string; properties?: Record<string, Schema>; items?: Schema; enum?: unknown[]; anyOf?: Schema[]; oneOf?: Schema[]; allOf?: Schema[] };
type Operation = { operationId: OperationId; requestBody?: { content: { 'application/json': { schema: Schema } } } };
const document = JSON.parse(readFileSync(fileURLToPath(new URL('../../openapi.json', import.meta.url)), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};
const OPERATIONS = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path: path.replace(/^\/api\/v1/, ''), ...operation })),
);

/** Nothing of these may ever come back, whatever is refused. */
const MARK = 'QZXPHI77';
const EVIL = [
  `'; drop table patient.patients; -- ${MARK}`, `${MARK}" or "1"="1`, `$${MARK}$`, `\${jndi:ldap://127.0.0.1/${MARK}}`, `{{7*7}}${MARK}`, `../../../../etc/passwd${MARK}`,
  `<script>${MARK}</script>`, `%00${MARK}`, `${MARK}\r\nSet-Cookie: a=b`, `${MARK}\u202Etxt.exe`, `__proto__${MARK}`, `http://127.0.0.1:1/${MARK}`, MARK.repeat(500),
];
const LEAKS = /\bselect\b.+\bfrom\b|syntax error|insert into|at (?:async )?\w+ \(|node_modules|PostgresError|DrizzleQueryError|ENOENT|\/etc\/|stack/i;

let api: TestApi;
let trial: Trial;
let patientId: string;
beforeAll(async () => {
  api = await startTestApi();
  trial = await setUpTrial(api);
  patientId = await registered(trial.coordinator, trial.siteId);
});
afterAll(() => api.stop());

const asWhoMay = (operation: OperationId) => {
  const role = ROLES.find((one) => !['403', '404'].includes(accessOf(operation, one)))!;
  return api.as(role, { sites: [HOME], studies: [trial.studyCode], patientId });
};
const ids = () => ({ patientId, studyId: trial.studyId, siteId: trial.siteId, delegationId: trial.delegationId }) as Record<string, string>;
const concrete = (path: string, put?: { name: string; value: string }) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === put?.name ? put.value : (ids()[name] ?? uuidv7())));

const resolved = (schema: Schema): Schema => (schema.$ref ? resolved(document.components.schemas[schema.$ref.split('/').at(-1)!]!) : schema);

/** A body of this shape, with `evil` for each text that is not an id of ours. */
function bodyOf(given: Schema, evil: string, name = ''): unknown {
  const schema = resolved(given);
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (choice) return bodyOf(choice, evil, name);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => bodyOf(part, evil, name)));
  if (schema.enum) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, child]) => [key, bodyOf(child, evil, key)]));
    case 'array':
      return schema.items ? [bodyOf(schema.items, evil, name)] : [];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return ids()[name] ?? evil;
  }
}

function expectHarmless({ status, text, headers }: { status: number; text: string; headers: Headers }, what: string) {
  expect(status, `${what}: ${text}`).toBeLessThan(500);
  if (status < 400) return;
  expect(text, what).not.toContain(MARK);
  expect(text, what).not.toMatch(LEAKS);
  expect(JSON.stringify([...headers]), what).not.toContain(MARK);
}

const withBody = OPERATIONS.filter(({ requestBody }) => requestBody);

describe('whatever stands in the texts of a body', () => {
  it('there are bodies to try', () => expect(withBody.length).toBeGreaterThan(20));

  it.each(withBody)('$operationId answers without a failure of ours, without what was sent, and without a trace of how it works', async ({ operationId, method, path, requestBody }) => {
    const call = asWhoMay(operationId);
    for (const evil of EVIL) {
      const body = bodyOf(requestBody!.content['application/json'].schema, evil);
      expectHarmless(await call(method, concrete(path), { body, headers: method === 'PATCH' ? { 'If-Match': '"1"' } : {} }), `${operationId} ${evil.slice(0, 40)}`);
    }
  });
});

describe('whatever stands in a path or a query', () => {
  const withParams = OPERATIONS.flatMap((operation) => [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ ...operation, name })));
  it.each(withParams)('$operationId takes nothing but an id for $name', async ({ operationId, method, path, name }) => {
    const call = asWhoMay(operationId);
    for (const value of ['..', '../admin', '%2e%2e%2f', '..%5c..%5c', '%00', 'a%0d%0aX: b', `'${MARK}`, encodeURIComponent(`${MARK}/../..`), '1 or 1=1', '*', '-1', '0x1f']) {
      const answer = await call(method, concrete(path, { name, value: encodeURI(value) }), method === 'GET' ? {} : { body: {} });
      expectHarmless(answer, `${operationId} ${value}`);
      if (method === 'GET' && !value.startsWith('..')) expect(answer.status, `${operationId} ${value}: ${answer.text.slice(0, 200)}`).toBeGreaterThanOrEqual(400);
    }
  });

  it.each(OPERATIONS.filter(({ method }) => method === 'GET'))('$operationId: an unknown or wrong query changes nothing and tells nothing', async ({ operationId, path }) => {
    const call = asWhoMay(operationId);
    for (const query of [`cursor=${MARK}`, `limit=${MARK}`, `limit=-1`, `limit=1e9`, `__proto__[x]=${MARK}`, `siteId=${encodeURIComponent(`' or ''='${MARK}`)}`]) expectHarmless(await call('GET', `${concrete(path)}?${query}`), `${operationId} ${query}`);
  });
});

describe('names of people', () => {
  it.each(['欧阳 丽', 'Ñandú Ḿ', 'e\u0301 decomposed', '\u00e9 composed', 'محمد \u202Bعلي\u202C', '\u202Eright to left', '👩🏽‍⚕️ Dr. Zero\u200DWidth', "O'Brien -- ; drop", 'ﬁ ligature', '  spaces  within  '])('are kept exactly as given: %s', async (name) => {
    const { status, body } = await trial.coordinator('POST', '/patients', { body: { ...newPerson(trial.siteId), name } });
    expect(status).toBe(201);
    const revealed = await api.as('clinician', { sites: [HOME] })('GET', `/patients/${body.patientInfo.id}?reveal=true`);
    expect(revealed.body.patientInfo.name).toBe(name);
  });

  it.each(['', '   ', 'a\u0000b', 'bell\u0007', '\ud800 alone', 'x'.repeat(201)])('that can’t be kept are refused, and nothing is registered: %j', async (name) => {
    const person = newPerson(trial.siteId);
    const { status } = await trial.coordinator('POST', '/patients', { raw: JSON.stringify({ ...person, name }) });
    expect([400, 422]).toContain(status);
    const { body } = await trial.coordinator('POST', '/patients/search', { body: { identifier: person.identifiers[0] } });
    expect(body.items).toEqual([]);
  });
});

it('no URL that anybody sends is ever fetched: there is no field for one', () => {
  const urls: string[] = [];
  const walk = (schema: Schema & { format?: string }, at: string): void => {
    const is = resolved(schema) as Schema & { format?: string };
    if (is.format === 'uri' || /url|uri|webhook|callback/i.test(at.split('.').at(-1)!)) urls.push(at);
    for (const [name, child] of Object.entries(is.properties ?? {})) walk(child, `${at}.${name}`);
    for (const child of [...(is.anyOf ?? []), ...(is.oneOf ?? []), ...(is.allOf ?? []), ...(is.items ? [is.items] : [])]) walk(child, at);
  };
  for (const { operationId, requestBody } of withBody) walk(requestBody!.content['application/json'].schema, operationId);
  expect(urls).toEqual([]);
});
