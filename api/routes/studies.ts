import { newStudy, protocolBody } from '../../services/study/index.ts';
import { z } from '@hono/zod-openapi';
import { notFound } from '../../services/common/index.ts';
import { requireStudy } from '../../services/common/authority/grant.ts';
import { commandOf, ctxOf, readOf } from '../call.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { answer, jsonBody, locationOf, operation, pageOf, pageQuery, studyPath } from '../operation.ts';
import { studyResponse, studyWithSites, toStudyResponse } from '../responses/study.ts';
import { withSites } from '../studies/with-sites.ts';

const tags = ['Studies'];

const createStudy = operation({
  operationId: 'createStudy',
  summary: 'Add a study.',
  tags,
  method: 'post',
  path: '/studies',
  request: { body: jsonBody(newStudy) },
  responses: { 201: answer('Added', studyResponse) },
});

const listStudies = operation({
  operationId: 'listStudies',
  summary: 'The studies within reach of the caller, newest first.',
  tags,
  method: 'get',
  path: '/studies',
  request: { query: pageQuery },
  responses: { 200: answer('A page', pageOf(studyResponse)) },
});

const getStudy = operation({
  operationId: 'getStudy',
  summary: 'One study, with the sites at which it runs.',
  tags,
  method: 'get',
  path: '/studies/{studyId}',
  request: { params: studyPath },
  responses: { 200: answer('The study', studyWithSites) },
});

const addProtocolVersion = operation({
  operationId: 'addProtocolVersion',
  summary: 'Add a protocol version; the newest one effective at a site when an enrollment starts is used, and stays.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/protocol-versions',
  request: { params: studyPath, body: jsonBody(protocolBody) },
  responses: { 201: answer('Added', z.object({ protocolVersionId: z.string(), studyId: z.string(), version: z.string(), effectiveAt: z.string() })) },
});

export function studyRoutes(api: Api, deps: ApiDeps): void {
  const { study } = deps.clients;

  api.openapi(createStudy, async (c) => {
    const { studyId } = await study.createStudy(commandOf(c, c.req.valid('json')));
    const created = await study.getStudy(readOf(c, { studyId }));
    if (!created) throw notFound('study');
    return c.json(toStudyResponse(created), 201, locationOf(`/studies/${studyId}`));
  });

  api.openapi(listStudies, async (c) => {
    const { grant } = c.var;
    const scope = grant.scope === 'study' ? { studyIds: [...grant.studyIds] } : {};
    const { items, nextCursor } = await study.listStudies(readOf(c, { ...c.req.valid('query'), ...scope }));
    return c.json({ items: items.map(toStudyResponse), nextCursor }, 200);
  });

  api.openapi(getStudy, async (c) => {
    const { studyId } = c.req.valid('param');
    const { grant, user } = c.var;
    requireStudy(grant, studyId);
    const found = await study.getStudy(readOf(c, { studyId }));
    if (!found) throw notFound('study');
    return c.json(await withSites(deps, { ctx: ctxOf(c), study: found, user }), 200);
  });

  api.openapi(addProtocolVersion, async (c) => {
    const { studyId } = c.req.valid('param');
    const protocol = c.req.valid('json');
    const { protocolVersionId } = await study.addProtocolVersion(commandOf(c, { studyId, protocol }));
    const { version, effectiveAt } = protocol;
    return c.json({ protocolVersionId, studyId, version, effectiveAt }, 201);
  });
}
