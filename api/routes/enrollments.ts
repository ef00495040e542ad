import { z } from '@hono/zod-openapi';
import { enrollmentFilters, newDeviation } from '../../services/study/index.ts';
import { commandOf, ctxOf, keyOf, readOf } from '../call.ts';
import type { Signing } from '../auth/signing.ts';
import type { Api, ApiDeps } from '../deps.ts';
import type { Grant } from '../../services/common/authority/grant.ts';
import { createEnrollment as create, createEnrollmentBody } from '../enrollments/create-enrollment.ts';
import { locate } from '../enrollments/locate.ts';
import { showsReasons } from '../enrollments/show.ts';
import { showWithParticipant } from '../enrollments/with-participant.ts';
import { answer, enrollmentPath, jsonBody, locationOf, operation, pageOf, pageQuery } from '../operation.ts';
import {
  deviationResponse,
  enrollmentResponse,
  enrollmentWithParticipant,
  timelineItem,
  toDeviation,
  toEnrollmentResponse,
  toTimelineItem,
} from '../responses/enrollment.ts';

const tags = ['Enrollments'];

const createEnrollment = operation({
  operationId: 'createEnrollment',
  summary: 'Enrol a person who has signed: starts the process, answers once the consent is recorded.',
  tags,
  method: 'post',
  path: '/enrollments',
  request: { body: jsonBody(createEnrollmentBody) },
  responses: {
    200: answer('An open or active enrollment with equal content was there already', enrollmentResponse),
    201: answer('Started, and the consent is recorded', enrollmentResponse),
    202: answer('Started; recording the consent takes longer', enrollmentResponse),
  },
});

const listEnrollments = operation({
  operationId: 'listEnrollments',
  summary: 'The enrollments within reach of the caller, newest first, from the records (a stage may lag).',
  tags,
  method: 'get',
  path: '/enrollments',
  request: { query: enrollmentFilters.strict() },
  responses: { 200: answer('A page', pageOf(enrollmentResponse)) },
});

const getEnrollment = operation({
  operationId: 'getEnrollment',
  summary: 'One enrollment, with live details while it is under way, and its participant for who may see persons.',
  tags,
  method: 'get',
  path: '/enrollments/{enrollmentId}',
  request: { params: enrollmentPath },
  responses: { 200: answer('The enrollment', enrollmentWithParticipant) },
});

const getEnrollmentTimeline = operation({
  operationId: 'getEnrollmentTimeline',
  summary: 'The milestones of an enrollment, in their order.',
  tags,
  method: 'get',
  path: '/enrollments/{enrollmentId}/timeline',
  request: { params: enrollmentPath },
  responses: { 200: answer('The milestones', z.object({ items: z.array(timelineItem) })) },
});

const listDeviations = operation({
  operationId: 'listDeviations',
  summary: 'The protocol deviations of an enrollment, newest first.',
  tags,
  method: 'get',
  path: '/enrollments/{enrollmentId}/deviations',
  request: { params: enrollmentPath, query: pageQuery },
  responses: { 200: answer('A page', pageOf(deviationResponse)) },
});

const logDeviation = operation({
  operationId: 'logDeviation',
  summary: 'Log a protocol deviation.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/deviations',
  request: { params: enrollmentPath, body: jsonBody(newDeviation) },
  responses: { 201: answer('Logged', z.object({ deviationId: z.string(), enrollmentId: z.string() })) },
});

export function enrollmentRoutes(api: Api, deps: ApiDeps, signing: Signing): void {
  const { study } = deps.clients;

  api.openapi(createEnrollment, async (c) => {
    const { user, grant } = c.var;
    const body = c.req.valid('json');
    const asked = { ctx: ctxOf(c), user, grant, requestKey: keyOf(c), body };
    const { status, enrollment } = await signing.signed(c, body.patientId, (authentication) => create(deps, { ...asked, authentication }));
    return c.json(enrollment, status, locationOf(`/enrollments/${enrollment.enrollmentId}`));
  });

  api.openapi(listEnrollments, async (c) => {
    const { grant } = c.var;
    const filters = c.req.valid('query');
    const scope = scopeOf(grant);
    if (scope === 'nothing') return c.json({ items: [], nextCursor: null }, 200);
    // Both the caller's own filter and the grant must hold.
    if (scope.patientId && filters.patientId && scope.patientId !== filters.patientId) return c.json({ items: [], nextCursor: null }, 200);
    const { items, nextCursor } = await study.listEnrollments(readOf(c, { ...filters, ...scope }));
    const reasons = showsReasons(grant);
    return c.json({ items: items.map((record) => toEnrollmentResponse(record, { reasons })), nextCursor }, 200);
  });

  api.openapi(getEnrollment, async (c) => {
    const { grant, user } = c.var;
    const ctx = ctxOf(c);
    const facts = await locate(deps, { ctx, ...c.req.valid('param'), grant });
    return c.json(await showWithParticipant(deps, { ctx, facts, grant, role: user.role }), 200);
  });

  api.openapi(getEnrollmentTimeline, async (c) => {
    const { enrollmentId } = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { items } = await study.enrollmentTimeline(readOf(c, { enrollmentId }));
    const reasons = showsReasons(c.var.grant);
    return c.json({ items: items.map((item) => toTimelineItem(item, { reasons })) }, 200);
  });

  api.openapi(listDeviations, async (c) => {
    const { enrollmentId } = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { items, nextCursor } = await study.listDeviations(readOf(c, { enrollmentId, ...c.req.valid('query') }));
    return c.json({ items: items.map(toDeviation), nextCursor }, 200);
  });

  api.openapi(logDeviation, async (c) => {
    const { enrollmentId } = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { deviationId } = await study.logDeviation(commandOf(c, { ...c.req.valid('json'), enrollmentId }));
    return c.json({ deviationId, enrollmentId }, 201);
  });
}

/** The caller's grant as filters of the list. */
function scopeOf(grant: Grant): { siteIds?: string[]; studyIds?: string[]; patientId?: string } | 'nothing' {
  switch (grant.scope) {
    case 'any':
      return {};
    case 'site':
      return { siteIds: [...grant.siteIds] };
    case 'study':
      return { studyIds: [...grant.studyIds], ...(grant.siteIds === null ? {} : { siteIds: [...grant.siteIds] }) };
    case 'site-code':
    case 'no-participant':
      return 'nothing';
    case 'self':
      return grant.patientId === null ? 'nothing' : { patientId: grant.patientId };
  }
}
