import { z } from '@hono/zod-openapi';
import { newRefusal, screeningLogQuery } from '../../services/study/index.ts';
import { requireCovered } from '../../services/common/authority/grant.ts';
import { commandOf, readOf } from '../call.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { answer, jsonBody, operation, pageOf, studyPath } from '../operation.ts';
import { showsReasons } from '../enrollments/show.ts';
import { screeningLogLine, toScreeningLogLine } from '../responses/screening.ts';

const tags = ['Studies'];

const logScreeningRefusal = operation({
  operationId: 'logScreeningRefusal',
  summary: 'Put somebody who was approached and did not sign on the screening log of a site, unnamed.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/screening-log',
  request: { params: studyPath, body: jsonBody(newRefusal) },
  responses: { 201: answer('Logged', z.object({ lineId: z.string(), studyId: z.string(), siteId: z.string() })) },
});

const listScreeningLog = operation({
  operationId: 'listScreeningLog',
  summary: 'The screening log of a site, newest first: who has a subject number, and who never signed.',
  tags,
  method: 'get',
  path: '/studies/{studyId}/screening-log',
  request: { params: studyPath, query: screeningLogQuery },
  responses: { 200: answer('A page', pageOf(screeningLogLine)) },
});

export function screeningLogRoutes(api: Api, { clients: { study } }: ApiDeps): void {
  api.openapi(logScreeningRefusal, async (c) => {
    const { studyId } = c.req.valid('param');
    const body = c.req.valid('json');
    requireCovered(c.var.grant, { siteIds: [body.siteId], studyId }, 'site');
    const { lineId } = await study.logRefusal(commandOf(c, { ...body, studyId }));
    return c.json({ lineId, studyId, siteId: body.siteId }, 201);
  });

  api.openapi(listScreeningLog, async (c) => {
    const { studyId } = c.req.valid('param');
    const query = c.req.valid('query');
    const { grant } = c.var;
    requireCovered(grant, { siteIds: [query.siteId], studyId }, 'site');
    const { items, nextCursor } = await study.listScreeningLog(readOf(c, { ...query, studyId }));
    const reasons = showsReasons(grant);
    return c.json({ items: items.map((line) => toScreeningLogLine(line, { reasons })), nextCursor }, 200);
  });
}
