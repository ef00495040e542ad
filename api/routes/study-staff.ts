import { z } from '@hono/zod-openapi';
import { id, text } from '../../services/common/index.ts';
import { activationBody } from '../../services/site/index.ts';
import { newConsentVersion, newContact, newDelegation, newInvestigator } from '../../services/study/index.ts';
import { commandOf } from '../call.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { answer, jsonBody, operation, studyPath } from '../operation.ts';

const tags = ['Studies'];
const created = <K extends string>(...names: K[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, z.string()])) as Record<K, z.ZodString>);

const activateSite = operation({
  operationId: 'activateSite',
  summary: 'Let a site take part: its cap and the approval of a protocol version. Again: a new cap, a newer version.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/sites',
  request: { params: studyPath, body: jsonBody(activationBody) },
  responses: { 201: answer('Activated', created('activationId', 'studyId', 'siteId')) },
});

const addConsentVersion = operation({
  operationId: 'addConsentVersion',
  summary: 'Add a consent version of a site in a language; it supersedes the one before.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/consent-versions',
  request: { params: studyPath, body: jsonBody(newConsentVersion) },
  responses: { 201: answer('Added', created('consentVersionId', 'studyId', 'siteId')) },
});

const addInvestigator = operation({
  operationId: 'addInvestigator',
  summary: 'Name an investigator of a site; again with the same user: the corrected name or address.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/investigators',
  request: { params: studyPath, body: jsonBody(newInvestigator) },
  responses: { 201: answer('Added', created('investigatorId', 'studyId', 'siteId')) },
});

const addContact = operation({
  operationId: 'addContact',
  summary: 'Say who else is told; without a site: of all sites.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/contacts',
  request: { params: studyPath, body: jsonBody(newContact) },
  responses: { 201: answer('Added', created('contactId', 'studyId')) },
});

const addDelegation = operation({
  operationId: 'addDelegation',
  summary: 'Add a line to the delegation log.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/delegations',
  request: { params: studyPath, body: jsonBody(newDelegation) },
  responses: { 201: answer('Added', created('delegationId', 'studyId', 'siteId')) },
});

const endDelegation = operation({
  operationId: 'endDelegation',
  summary: 'End a delegation now.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/delegations/{id}/end',
  request: {
    params: z.object({ studyId: id, id }),
    body: { ...jsonBody(z.strictObject({ reason: text(500).optional() })), required: false },
  },
  responses: { 200: answer('Ended', created('delegationId', 'studyId')) },
});

export function studyStaffRoutes(api: Api, { clients: { study, site } }: ApiDeps): void {
  api.openapi(activateSite, async (c) => {
    const { studyId } = c.req.valid('param');
    const body = c.req.valid('json');
    const { activationId } = await site.activateSite(commandOf(c, { ...body, studyId }));
    return c.json({ activationId, studyId, siteId: body.siteId }, 201);
  });

  api.openapi(addConsentVersion, async (c) => {
    const { studyId } = c.req.valid('param');
    const body = c.req.valid('json');
    const { consentVersionId } = await study.addConsentVersion(commandOf(c, { ...body, studyId }));
    return c.json({ consentVersionId, studyId, siteId: body.siteId }, 201);
  });

  api.openapi(addInvestigator, async (c) => {
    const { studyId } = c.req.valid('param');
    const body = c.req.valid('json');
    const { investigatorId } = await study.addInvestigator(commandOf(c, { ...body, studyId }));
    return c.json({ investigatorId, studyId, siteId: body.siteId }, 201);
  });

  api.openapi(addContact, async (c) => {
    const { studyId } = c.req.valid('param');
    const { contactId } = await study.addContact(commandOf(c, { ...c.req.valid('json'), studyId }));
    return c.json({ contactId, studyId }, 201);
  });

  api.openapi(addDelegation, async (c) => {
    const { studyId } = c.req.valid('param');
    const body = c.req.valid('json');
    const { delegationId } = await study.addDelegation(commandOf(c, { ...body, studyId }));
    return c.json({ delegationId, studyId, siteId: body.siteId }, 201);
  });

  api.openapi(endDelegation, async (c) => {
    const { studyId, id: delegationId } = c.req.valid('param');
    const { reason } = c.req.valid('json');
    await study.endDelegation(commandOf(c, { studyId, delegationId }, reason));
    return c.json({ delegationId, studyId }, 200);
  });
}
