import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { contentHash } from '../../db/content-hash.ts';
import { text } from '../../services/common/index.ts';
import { signedConsent } from '../../services/patient/index.ts';
import { WITHDRAWAL_SCOPES } from '../../services/study/index.ts';
import type { MessageEnvelope } from '../../workflows/consent-to-enrollment/types.ts';
import { ctxOf, keyOf } from '../call.ts';
import type { Api, ApiDeps, ApiEnv } from '../deps.ts';
import { locate } from '../enrollments/locate.ts';
import { showsReasons } from '../enrollments/show.ts';
import { withdrawAfterEnd } from '../enrollments/withdraw-after-end.ts';
import { answer, enrollmentPath, jsonBody, operation } from '../operation.ts';
import { enrollmentResponse, toEnrollmentResponse } from '../responses/enrollment.ts';

const tags = ['Enrollments'];

const recordReconsent = operation({
  operationId: 'recordReconsent',
  summary: 'Record a renewed consent, while one is awaited.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/consents',
  request: { params: enrollmentPath, body: jsonBody(z.strictObject({ consent: signedConsent })) },
  responses: {
    201: answer('Recorded', z.object({ enrollmentId: z.string(), consentId: z.string(), validity: z.string() })),
  },
});

const withdrawParticipant = operation({
  operationId: 'withdrawParticipant',
  summary: 'Withdraw a participant; acts at once.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/withdrawal',
  request: {
    params: enrollmentPath,
    body: jsonBody(
      z.strictObject({
        scope: z.enum(WITHDRAWAL_SCOPES),
        decidedBy: z.enum(['participant', 'investigator', 'sponsor']),
        reason: text(1000).nullable().default(null),
      }),
    ),
  },
  responses: {
    200: answer('Acknowledged', enrollmentResponse),
    202: answer('Stored; no worker has answered yet, it is applied as soon as one does', enrollmentResponse),
  },
});

const resolveEnrollment = operation({
  operationId: 'resolveEnrollment',
  summary: 'Say what to do with the step that needs attention.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/resolve',
  request: {
    params: enrollmentPath,
    body: jsonBody(z.strictObject({ action: z.enum(['retry', 'skip', 'abort']), reason: text(1000) })),
  },
  responses: { 200: answer('Taken', enrollmentResponse) },
});

export function enrollmentActionRoutes(api: Api, deps: ApiDeps): void {
  const { enrollments, hashKey } = deps;

  /** What every message carries: the caller's key, a hash of what is asked of which enrollment, who and by which request. */
  function envelope(c: Context<ApiEnv>, asked: { enrollmentId: string; verb: string; body: unknown }): MessageEnvelope {
    const { id, name, role } = c.var.user;
    return {
      enrollmentId: asked.enrollmentId,
      key: keyOf(c),
      contentHash: contentHash(hashKey, asked),
      actor: { id, name, role },
      requestId: c.var.requestId,
    };
  }

  api.openapi(recordReconsent, async (c) => {
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { enrollmentId } = facts;
    const message = { ...envelope(c, { enrollmentId, verb: 'recordConsent', body }), ...body };
    const { consentId, validity } = await enrollments.recordConsent(facts, message);
    return c.json({ enrollmentId, consentId, validity }, 201);
  });

  api.openapi(withdrawParticipant, async (c) => {
    const { grant } = c.var;
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant });
    const message = { ...envelope(c, { enrollmentId: facts.enrollmentId, verb: 'withdraw', body }), ...body };
    const withdrawn = await enrollments.withdraw(facts, message);
    const reasons = showsReasons(grant);
    if (withdrawn.kind === 'applied') return c.json(toEnrollmentResponse(facts, { live: withdrawn.view, reasons }), 200);
    if (withdrawn.kind === 'accepted') return c.json(toEnrollmentResponse(facts, { reasons, degraded: true }), 202);
    const { kind } = await withdrawAfterEnd(deps, { ctx: ctxOf(c), facts, message });
    const now = await locate(deps, { ctx: ctxOf(c), enrollmentId: facts.enrollmentId, grant });
    return c.json(toEnrollmentResponse(now, { reasons }), kind === 'applied' ? 200 : 202);
  });

  api.openapi(resolveEnrollment, async (c) => {
    const { grant } = c.var;
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant });
    const message = { ...envelope(c, { enrollmentId: facts.enrollmentId, verb: 'resolveStep', body }), ...body };
    const view = await enrollments.resolveStep(facts, message);
    return c.json(toEnrollmentResponse(facts, { live: view, reasons: showsReasons(grant) }), 200);
  });
}
