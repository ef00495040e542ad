import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { notFound } from '../../services/common/index.ts';
import { requireStudy } from '../../services/common/authority/grant.ts';
import { readOf } from '../call.ts';
import { drawConsort } from '../consort/draw-consort.ts';
import type { Api, ApiDeps, ApiEnv } from '../deps.ts';
import { answer, operation, studyPath } from '../operation.ts';
import { summaryResponse, toSummaryResponse } from '../responses/summary.ts';

const tags = ['Studies'];

const getEnrollmentSummary = operation({
  operationId: 'getEnrollmentSummary',
  summary: 'How many enrollments stand in each stage, came to each outcome, and went on or left on the way; arms pooled.',
  tags,
  method: 'get',
  path: '/studies/{studyId}/enrollment-summary',
  request: { params: studyPath },
  responses: { 200: answer('Counts, of the sites within reach', summaryResponse) },
});

const getConsortDiagram = operation({
  operationId: 'getConsortDiagram',
  summary: 'The flow of participants as a CONSORT 2010 diagram, from the record as it is now; arms pooled until two persons have unblinded the study.',
  tags,
  method: 'get',
  path: '/studies/{studyId}/consort.svg',
  request: { params: studyPath },
  responses: { 200: { description: 'The diagram, of the sites within reach', content: { 'image/svg+xml': { schema: z.string() } } } },
});

/** An image opened by itself is a document of this origin: it may run, load, send and be framed by nothing. */
const AS_IMAGE = {
  'Content-Type': 'image/svg+xml; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'Cache-Control': 'no-store',
};

export function studyNumberRoutes(api: Api, { clients: { study } }: ApiDeps): void {
  /** The study and its numbers, of the caller's sites where the grant names sites. */
  const numbersFor = async (c: Context<ApiEnv>, studyId: string) => {
    const { grant } = c.var;
    requireStudy(grant, studyId);
    const found = await study.getStudy(readOf(c, { studyId }));
    if (!found) throw notFound('study');
    const siteIds = grant.scope === 'site' || grant.scope === 'study' ? grant.siteIds : null;
    const summary = await study.enrollmentSummary(readOf(c, { studyId, ...(siteIds ? { siteIds: [...siteIds] } : {}) }));
    return { found, summary, partial: siteIds !== null };
  };

  api.openapi(getEnrollmentSummary, async (c) => {
    const { studyId } = c.req.valid('param');
    const { summary } = await numbersFor(c, studyId);
    return c.json(toSummaryResponse(studyId, summary), 200);
  });

  api.openapi(getConsortDiagram, async (c) => {
    const { found, summary, partial } = await numbersFor(c, c.req.valid('param').studyId);
    const { code, title } = found;
    return c.body(drawConsort({ study: { code, title }, flow: summary.flow, partial }), 200, AS_IMAGE);
  });
}
