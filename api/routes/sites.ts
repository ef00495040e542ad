import { createSiteInput } from '../../services/site/index.ts';
import { commandOf, readOf } from '../call.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { answer, jsonBody, locationOf, operation, pageOf, pageQuery, siteIdPath } from '../operation.ts';
import { siteResponse, toSiteResponse } from '../responses/study.ts';

const tags = ['Sites'];

const createSite = operation({
  operationId: 'createSite',
  summary: 'Add an institution.',
  tags,
  method: 'post',
  path: '/sites',
  request: { body: jsonBody(createSiteInput) },
  responses: { 201: answer('Added', siteResponse) },
});

const listSites = operation({
  operationId: 'listSites',
  summary: 'All institutions, newest first.',
  tags,
  method: 'get',
  path: '/sites',
  request: { query: pageQuery },
  responses: { 200: answer('A page', pageOf(siteResponse)) },
});

const getSite = operation({
  operationId: 'getSite',
  summary: 'One institution.',
  tags,
  method: 'get',
  path: '/sites/{siteId}',
  request: { params: siteIdPath },
  responses: { 200: answer('The institution', siteResponse) },
});

export function siteRoutes(api: Api, { clients: { site } }: ApiDeps): void {
  api.openapi(createSite, async (c) => {
    const { siteId } = await site.createSite(commandOf(c, c.req.valid('json')));
    return c.json(toSiteResponse(await site.getSite(readOf(c, { siteId }))), 201, locationOf(`/sites/${siteId}`));
  });

  api.openapi(listSites, async (c) => {
    const { items, nextCursor } = await site.listSites(readOf(c, c.req.valid('query')));
    return c.json({ items: items.map(toSiteResponse), nextCursor }, 200);
  });

  api.openapi(getSite, async (c) => c.json(toSiteResponse(await site.getSite(readOf(c, c.req.valid('param')))), 200));
}
