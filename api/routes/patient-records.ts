import { z } from '@hono/zod-openapi';
import { id, text } from '../../services/common/index.ts';
import { historyEntry, recordConsentBody } from '../../services/patient/index.ts';
import { commandOf, readOf } from '../call.ts';
import type { Signing } from '../auth/signing.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { answer, jsonBody, operation, pageOf, pageQuery, patientPath } from '../operation.ts';
import { consentResponse, toConsentResponse } from '../responses/consent.ts';
import { historyItem, toHistoryItem } from '../responses/patient.ts';

const tags = ['Patients'];

const listHistory = operation({
  operationId: 'listHistory',
  summary: 'The medical history of a person, newest entry first.',
  tags,
  method: 'get',
  path: '/patients/{patientId}/history',
  request: { params: patientPath, query: pageQuery },
  responses: { 200: answer('A page', pageOf(historyItem)) },
});

const addHistory = operation({
  operationId: 'addHistory',
  summary: 'Add an entry to the medical history.',
  tags,
  method: 'post',
  path: '/patients/{patientId}/history',
  request: { params: patientPath, body: jsonBody(historyEntry) },
  responses: { 201: answer('Added', z.object({ historyId: z.string(), patientId: z.string() })) },
});

const listConsents = operation({
  operationId: 'listConsents',
  summary: 'The consents of a person, newest first, those entered in error among them.',
  tags,
  method: 'get',
  path: '/patients/{patientId}/consents',
  request: { params: patientPath, query: pageQuery },
  responses: { 200: answer('A page', pageOf(consentResponse)) },
});

const recordConsent = operation({
  operationId: 'recordConsent',
  summary: 'Record a consent that was signed: always recorded, its validity is judged beside it.',
  tags,
  method: 'post',
  path: '/patients/{patientId}/consents',
  request: { params: patientPath, body: jsonBody(recordConsentBody) },
  responses: { 201: answer('Recorded', z.object({ consentId: z.string(), patientId: z.string(), validity: z.string(), signedAt: z.string() })) },
});

const markConsentEnteredInError = operation({
  operationId: 'markConsentEnteredInError',
  summary: 'Mark a consent as a mistake of recording; it stays on record.',
  tags,
  method: 'post',
  path: '/patients/{patientId}/consents/{consentId}/entered-in-error',
  request: {
    params: z.object({ patientId: id, consentId: id }),
    body: jsonBody(z.strictObject({ reason: text(500) })),
  },
  responses: { 200: answer('Marked', z.object({ consentId: z.string(), patientId: z.string(), status: z.string() })) },
});

export function patientRecordRoutes(api: Api, { clients: { patient }, assert }: ApiDeps, signing: Signing): void {
  api.openapi(listHistory, async (c) => {
    const { patientId } = c.req.valid('param');
    const { items, nextCursor } = await patient.listHistory(readOf(c, { patientId, ...c.req.valid('query') }));
    return c.json({ items: items.map(toHistoryItem), nextCursor }, 200);
  });

  api.openapi(addHistory, async (c) => {
    const { patientId } = c.req.valid('param');
    const { historyId } = await patient.addHistory(commandOf(c, { patientId, entry: c.req.valid('json') }));
    return c.json({ historyId, patientId }, 201);
  });

  api.openapi(listConsents, async (c) => {
    const { patientId } = c.req.valid('param');
    const { items, nextCursor } = await patient.listConsents(readOf(c, { patientId, ...c.req.valid('query') }));
    return c.json({ items: items.map(toConsentResponse), nextCursor }, 200);
  });

  api.openapi(recordConsent, async (c) => {
    const { patientId } = c.req.valid('param');
    const body = c.req.valid('json');
    const { ctx, key } = commandOf(c, body);
    const input = { ...body, patientId, enrollmentId: null, requestKey: key };
    const { id: userId, name, role } = c.var.user;
    const { consentId, validity, signedAt } = await signing.signed(c, patientId, async (authentication) => {
      const assertion = await assert({ actor: { id: userId, name, role }, operation: 'recordConsent', about: patientId, key, content: { ...body, patientId }, authentication });
      return patient.recordConsent({ ctx: { ...ctx, assertion }, key, input });
    });
    return c.json({ consentId, patientId, validity, signedAt }, 201);
  });

  api.openapi(markConsentEnteredInError, async (c) => {
    const { patientId, consentId } = c.req.valid('param');
    await patient.markConsentEnteredInError(commandOf(c, { patientId, consentId }, c.req.valid('json').reason));
    return c.json({ consentId, patientId, status: 'entered-in-error' }, 200);
  });
}
