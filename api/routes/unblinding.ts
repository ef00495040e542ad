import type { Context } from 'hono';
import { id, notFound } from '../../services/common/index.ts';
import { newApproval, newBaselineCorrection, newCodeBreak, newUnblinding, randomisationListQuery } from '../../services/study/index.ts';
import { requireCovered, requireStudy } from '../../services/common/authority/grant.ts';
import { requireRecentAuthentication } from '../auth/re-authentication.ts';
import { commandOf, readOf } from '../call.ts';
import type { Api, ApiDeps, ApiEnv } from '../deps.ts';
import { answer, enrollmentPath, jsonBody, operation, pageOf, pageQuery, studyPath } from '../operation.ts';
import { ApiError } from '../problem.ts';
import {
  baselineCorrectionResponse,
  codeBreakResponse,
  randomisationListResponse,
  toBaselineCorrection,
  toCodeBreak,
  toRandomisationList,
  toTreatmentAssignment,
  toUnblindingResponse,
  treatmentAssignmentResponse,
  unblindingResponse,
} from '../responses/unblinding.ts';
import { reportSoon } from '../unblinding/report-untold.ts';

const tags = ['Unblinding'];
/** An arm is for the one who asked, at that moment. */
const NOT_KEPT = { 'Cache-Control': 'no-store' };

const getRandomisationList = operation({
  operationId: 'getRandomisationList',
  summary: 'The randomisation lists of a study with what was taken from them; audited.',
  tags,
  method: 'get',
  path: '/studies/{studyId}/randomisation-list',
  request: { params: studyPath, query: randomisationListQuery },
  responses: { 200: answer('A page', randomisationListResponse) },
});

const getTreatmentAssignment = operation({
  operationId: 'getTreatmentAssignment',
  summary: 'The arm of one subject, for unblinded roles, and for others after an unblinding by two persons; audited.',
  tags,
  method: 'get',
  path: '/enrollments/{enrollmentId}/treatment-assignment',
  request: { params: enrollmentPath },
  responses: { 200: answer('The arm', treatmentAssignmentResponse) },
});

const breakCode = operation({
  operationId: 'breakCode',
  summary: 'Emergency unblinding: the arm of one subject, at once, to an investigator who has just authenticated.',
  description:
    'Works while Temporal and mail are down. 401 `insufficient_user_authentication` (RFC 9470) when the authentication is older than five minutes. ' +
    'At most five subjects an hour; beyond that 429 with `Retry-After`: try again with a new key then. Medical monitor, sponsor and privacy officer are told of both.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/code-break',
  request: { params: enrollmentPath, body: jsonBody(newCodeBreak) },
  responses: { 201: answer('Broken and recorded', codeBreakResponse) },
});

const requestUnblinding = operation({
  operationId: 'requestUnblinding',
  summary: 'Ask for a subject or the study to be unblinded, without an emergency; another person must approve.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/unblindings',
  request: { params: studyPath, body: jsonBody(newUnblinding) },
  responses: { 201: answer('Requested', unblindingResponse) },
});

const approveUnblinding = operation({
  operationId: 'approveUnblinding',
  summary: 'Approve what somebody else has asked for, within seven days.',
  tags,
  method: 'post',
  path: '/studies/{studyId}/unblindings/{unblindingId}/approve',
  request: { params: studyPath.extend({ unblindingId: id }), body: jsonBody(newApproval) },
  responses: { 200: answer('Approved', unblindingResponse) },
});

const listUnblindings = operation({
  operationId: 'listUnblindings',
  summary: 'What was asked to be unblinded in a study, by whom, and who approved; newest first.',
  tags,
  method: 'get',
  path: '/studies/{studyId}/unblindings',
  request: { params: studyPath, query: pageQuery },
  responses: { 200: answer('A page', pageOf(unblindingResponse)) },
});

const correctBaseline = operation({
  operationId: 'correctBaseline',
  summary: 'Record the right baseline of somebody randomised in a wrong stratum; the randomisation stands, a deviation is logged.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/randomisation/baseline-correction',
  request: { params: enrollmentPath, body: jsonBody(newBaselineCorrection) },
  responses: { 201: answer('Recorded', baselineCorrectionResponse) },
});

export function unblindingRoutes(api: Api, deps: ApiDeps): void {
  const { study } = deps.clients;

  /** From Study's record alone: what happens here must not wait for another service or the workflow engine. */
  const requireEnrollment = async (c: Context<ApiEnv>, { enrollmentId, studyId }: { enrollmentId: string; studyId?: string }) => {
    const record = await study.getEnrollment(readOf(c, { enrollmentId }));
    if (!record || (studyId !== undefined && record.studyId !== studyId)) throw notFound('enrollment');
    const { siteId, siteCode, patientId } = record;
    requireCovered(c.var.grant, { siteIds: [siteId], siteCode, studyId: record.studyId, patientId }, 'enrollment');
  };

  api.openapi(getRandomisationList, async (c) => {
    const { studyId } = c.req.valid('param');
    requireStudy(c.var.grant, studyId);
    const list = await study.getRandomisationList(readOf(c, { studyId, ...c.req.valid('query') }));
    return c.json(toRandomisationList(list), 200, NOT_KEPT);
  });

  api.openapi(getTreatmentAssignment, async (c) => {
    const { enrollmentId } = c.req.valid('param');
    await requireEnrollment(c, { enrollmentId });
    return c.json(toTreatmentAssignment(await study.getTreatmentAssignment(readOf(c, { enrollmentId }))), 200, NOT_KEPT);
  });

  api.openapi(breakCode, async (c) => {
    const { enrollmentId } = c.req.valid('param');
    requireRecentAuthentication(c, deps);
    await requireEnrollment(c, { enrollmentId });
    const { reason } = c.req.valid('json');
    const answered = await study.breakCode(commandOf(c, { enrollmentId, reason }, reason));
    reportSoon(deps, { requestId: c.var.requestId, codeBreakId: answered.codeBreakId });
    if (answered.broken) return c.json(toCodeBreak(answered), 201, NOT_KEPT);
    const seconds = Math.max(1, Math.ceil((Date.parse(answered.retryAt) - deps.clock().getTime()) / 1000));
    throw new ApiError(429, 'code_break_limit', 'You have unblinded as many subjects within an hour as one person may; this attempt is recorded and reported.', {
      headers: { 'Retry-After': String(seconds) },
    });
  });

  api.openapi(requestUnblinding, async (c) => {
    const { studyId } = c.req.valid('param');
    const body = c.req.valid('json');
    requireStudy(c.var.grant, studyId);
    if (body.enrollmentId !== undefined) await requireEnrollment(c, { enrollmentId: body.enrollmentId, studyId });
    return c.json(toUnblindingResponse(await study.requestUnblinding(commandOf(c, { ...body, studyId }, body.reason))), 201);
  });

  api.openapi(approveUnblinding, async (c) => {
    const { studyId, unblindingId } = c.req.valid('param');
    requireStudy(c.var.grant, studyId);
    const { reason } = c.req.valid('json');
    return c.json(toUnblindingResponse(await study.approveUnblinding(commandOf(c, { studyId, unblindingId, reason }, reason))), 200);
  });

  api.openapi(listUnblindings, async (c) => {
    const { studyId } = c.req.valid('param');
    requireStudy(c.var.grant, studyId);
    const { items, nextCursor } = await study.listUnblindings(readOf(c, { studyId, ...c.req.valid('query') }));
    return c.json({ items: items.map(toUnblindingResponse), nextCursor }, 200);
  });

  api.openapi(correctBaseline, async (c) => {
    const { enrollmentId } = c.req.valid('param');
    await requireEnrollment(c, { enrollmentId });
    const body = c.req.valid('json');
    return c.json(toBaselineCorrection(await study.correctBaseline(commandOf(c, { ...body, enrollmentId }, body.reason))), 201);
  });
}
