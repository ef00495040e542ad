import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { uuidv7 } from 'uuidv7';
import { text } from '../../services/common/index.ts';
import type { PatientInfo } from '../../services/patient/index.ts';
import { breakGlassBody, personChanges, registerPersonBody, searchPersonsBody } from '../../services/patient/index.ts';
import { refuse } from '../auth/middleware.ts';
import { requireRecentAuthentication } from '../auth/re-authentication.ts';
import { accessOf } from '../../services/common/authority/policy.ts';
import type { ScopeIds } from '../auth/scope-ids.ts';
import { commandOf, ctxOf, keyOf, readOf } from '../call.ts';
import type { Api, ApiDeps, ApiEnv } from '../deps.ts';
import { etagOf, versionOf } from '../etag.ts';
import { answer, jsonBody, locationOf, operation, patientPath } from '../operation.ts';
import { patientInfo, toPatientInfo } from '../responses/patient.ts';

const tags = ['Patients'];
const person = z.object({ patientInfo });

const registerPatient = operation({
  operationId: 'registerPatient',
  summary: 'Register a person at a site; a known identifier answers the person who has it.',
  tags,
  method: 'post',
  path: '/patients',
  request: { body: jsonBody(registerPersonBody) },
  responses: {
    200: answer('The identifier was known: the same person, now also of this site', z.object({ patientInfo: patientInfo.pick({ id: true }) })),
    201: answer('Registered', person),
  },
});

const getPatient = operation({
  operationId: 'getPatient',
  summary: 'A person, masked; `reveal=true` shows everything and is audited.',
  tags,
  method: 'get',
  path: '/patients/{patientId}',
  request: {
    params: patientPath,
    query: z.strictObject({ reveal: z.enum(['true', 'false']).optional() }),
    headers: z.object({
      'x-reason': z.string().max(500).optional().openapi({ description: 'Why it is revealed, percent-encoded; into the audit trail.' }),
    }),
  },
  responses: { 200: answer('The person', person) },
});

const amendPatient = operation({
  operationId: 'amendPatient',
  summary: 'Correct a person, with a reason; `If-Match` carries the ETag that was read.',
  tags,
  method: 'patch',
  path: '/patients/{patientId}',
  request: { params: patientPath, body: jsonBody(personChanges.safeExtend({ reason: text(500) })) },
  responses: { 200: answer('The person as it is now', person) },
});

const breakGlass = operation({
  operationId: 'breakGlass',
  summary: 'Open one person’s record in an emergency, for an hour and with a reason; audited, and told to the privacy officer.',
  tags,
  method: 'post',
  path: '/patients/break-glass',
  request: { body: jsonBody(breakGlassBody) },
  responses: {
    201: answer('Open until then', z.object({ breakGlassId: z.string(), patientId: z.string(), until: z.string() })),
  },
});

const searchPatients = operation({
  operationId: 'searchPatients',
  summary: 'Find a person by exactly one identifier or mobile number; identifiers never stand in a URL.',
  tags,
  method: 'post',
  path: '/patients/search',
  request: { body: jsonBody(searchPersonsBody) },
  responses: { 200: answer('Those found within reach of the caller, masked', z.object({ items: z.array(patientInfo) })) },
});

export function patientRoutes(api: Api, deps: ApiDeps, scopes: ScopeIds): void {
  const { patient } = deps.clients;

  api.openapi(registerPatient, async (c) => {
    const body = c.req.valid('json');
    const { patientId, created } = await patient.registerPerson(commandOf(c, body));
    // A known identifier gives the same id and nothing else (domain: Persons).
    if (!created) return c.json({ patientInfo: { id: patientId } }, 200, locationOf(`/patients/${patientId}`));
    const info = await patient.getPerson(readOf(c, { patientId, reveal: false }));
    return c.json(toResponse(c, info), 201, { ...locationOf(`/patients/${patientId}`), ETag: etagOf(info.version) });
  });

  api.openapi(getPatient, async (c) => {
    const { patientId } = c.req.valid('param');
    const { reveal } = c.req.valid('query');
    if (reveal !== 'true') {
      const info = await patient.getPerson(readOf(c, { patientId, reveal: false }));
      return c.json(toResponse(c, info), 200, { ETag: etagOf(info.version) });
    }
    const access = accessOf('revealPatient', c.var.user.role);
    refuse(access);
    const ctx = ctxOf(c, decoded(c.req.valid('header')['x-reason']));
    const authority = { operation: 'revealPatient', grant: await scopes.grantOf(c.var.user, access, ctx) } as const;
    const info = await patient.getPerson({ ctx: { ...ctx, authority }, input: { patientId, reveal: true } });
    return c.json(toResponse(c, info), 200, { ETag: etagOf(info.version), 'Cache-Control': 'no-store' });
  });

  api.openapi(amendPatient, async (c) => {
    const { patientId } = c.req.valid('param');
    const { reason, ...changes } = c.req.valid('json');
    const expectedVersion = versionOf(c.req.header('If-Match'));
    const key = keyOf(c, c.req.header('Idempotency-Key') ?? uuidv7());
    await patient.amendPerson({ ctx: ctxOf(c, reason), key, input: { patientId, expectedVersion, changes } });
    const info = await patient.getPerson(readOf(c, { patientId, reveal: false }));
    return c.json(toResponse(c, info), 200, { ETag: etagOf(info.version) });
  });

  api.openapi(breakGlass, async (c) => {
    requireRecentAuthentication(c, deps);
    const { breakGlassId, patientId, until } = await patient.breakGlass(commandOf(c, c.req.valid('json')));
    return c.json({ breakGlassId, patientId, until }, 201, locationOf(`/patients/${patientId}`));
  });

  api.openapi(searchPatients, async (c) => {
    const { items } = await patient.searchPersons(readOf(c, c.req.valid('json')));
    return c.json({ items: items.map((info) => toResponse(c, info).patientInfo) }, 200);
  });
}

function toResponse(c: Context<ApiEnv>, info: PatientInfo) {
  const { grant } = c.var;
  return { patientInfo: toPatientInfo(info, grant.scope === 'site' ? grant.siteIds : 'all') };
}

/** Headers are ASCII, reasons are not: percent-encoded; what isn't well-formed is kept as it came. */
function decoded(reason: string | undefined): string | undefined {
  try {
    return reason && decodeURIComponent(reason);
  } catch {
    return reason;
  }
}
