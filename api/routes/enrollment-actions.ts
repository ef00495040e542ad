import { z } from '@hono/zod-openapi';
import { text } from '../../services/common/index.ts';
import { signedConsent } from '../../services/patient/index.ts';
import { WITHDRAWAL_SCOPES } from '../../services/study/index.ts';
import { ctxOf } from '../call.ts';
import type { Signing } from '../auth/signing.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { requireWithdrawable } from '../enrollments/closed.ts';
import { envelope } from '../enrollments/envelope.ts';
import { locate } from '../enrollments/locate.ts';
import { requireSignersOfRenewed } from '../enrollments/require-signers.ts';
import { showsReasons } from '../enrollments/show.ts';
import { withdrawAfterEnd } from '../enrollments/withdraw-after-end.ts';
import { answer, enrollmentPath, jsonBody, operation } from '../operation.ts';
import { enrollmentResponse, toEnrollmentResponse } from '../responses/enrollment.ts';

const tags = ['Enrollments'];

/** Who declines a new version is not withdrawn by that: the investigator is asked to decide. */
const reConsentBody = z.union([
  z.strictObject({ consent: signedConsent }),
  z.strictObject({ declined: z.strictObject({ reason: text(1000).nullable().default(null) }) }),
]);

const recordReconsent = operation({
  operationId: 'recordReconsent',
  summary: 'Record a renewed consent while one is awaited, or that the participant does not give it.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/consents',
  request: { params: enrollmentPath, body: jsonBody(reConsentBody) },
  responses: {
    201: answer(
      'Recorded',
      z.union([
        z.object({ enrollmentId: z.string(), consentId: z.string(), validity: z.string() }),
        z.object({ enrollmentId: z.string(), declined: z.literal(true) }),
      ]),
    ),
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

export function enrollmentActionRoutes(api: Api, deps: ApiDeps, signing: Signing): void {
  const { clients, enrollments } = deps;

  api.openapi(recordReconsent, async (c) => {
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { enrollmentId } = facts;
    if ('consent' in body) await requireSignersOfRenewed(deps, { ctx: ctxOf(c), enrollmentId, consent: body.consent });
    const content = 'consent' in body ? { consent: body.consent } : { declined: body.declined };
    const recorded = await signing.signed(c, enrollmentId, async (authentication) => {
      const message = { ...(await envelope(deps, c, { enrollmentId, verb: 'recordConsent', body, content, authentication })), ...body };
      return enrollments.recordConsent(facts, message);
    });
    if ('declined' in recorded) return c.json({ enrollmentId, declined: true as const }, 201);
    return c.json({ enrollmentId, consentId: recorded.consentId, validity: recorded.validity }, 201);
  });

  api.openapi(withdrawParticipant, async (c) => {
    const { grant } = c.var;
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant });
    requireWithdrawable(facts);
    const { scope, decidedBy } = body;
    const message = { ...(await envelope(deps, c, { enrollmentId: facts.enrollmentId, verb: 'withdraw', body, content: body, said: { scope, decidedBy } })), ...body };
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
    const message = { ...(await envelope(deps, c, { enrollmentId: facts.enrollmentId, verb: 'resolveStep', body, content: body, said: { action: body.action } })), ...body };
    const { action, reason } = body;
    await clients.study.noteOperation({ ctx: ctxOf(c, reason), key: `${message.key}/${action}`, input: { action, about: facts.enrollmentId, details: {} } });
    const view = await enrollments.resolveStep(facts, message);
    return c.json(toEnrollmentResponse(facts, { live: view, reasons: showsReasons(grant) }), 200);
  });
}
