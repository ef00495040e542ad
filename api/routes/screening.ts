import { z } from '@hono/zod-openapi';
import { instant, sha256, text } from '../../services/common/index.ts';
import { screeningResults } from '../../services/edc/index.ts';
import { ctxOf, readOf } from '../call.ts';
import type { Signing } from '../auth/signing.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { envelope } from '../enrollments/envelope.ts';
import { locate } from '../enrollments/locate.ts';
import { answer, enrollmentPath, jsonBody, operation } from '../operation.ts';
import { eligibilityResponse, screeningResponse, toEligibility, toScreening } from '../responses/screening.ts';

const tags = ['Enrollments'];
const decision = z.enum(['eligible', 'not_eligible']);

const recordScreeningResults = operation({
  operationId: 'recordScreeningResults',
  summary: 'Record screening results, in parts and in any order; a correction needs a reason.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/screening-results',
  request: { params: enrollmentPath, body: jsonBody(screeningResults) },
  responses: {
    201: answer(
      'Recorded, and the criteria evaluated',
      z.object({
        enrollmentId: z.string(),
        recorded: z.number(),
        missing: z.array(z.string()).openapi({ description: 'Items without a value so far.' }),
        verdict: z.enum(['met', 'failed', 'incomplete', 'not_evaluated']).openapi({ description: '`not_evaluated`: the enrollment was ended meanwhile.' }),
        failed: z.array(z.string()).openapi({ description: 'Codes of the criteria that failed.' }),
      }),
    ),
  },
});

const listScreeningResults = operation({
  operationId: 'listScreeningResults',
  summary: 'The screening results of an enrollment, corrected ones included, newest first.',
  tags,
  method: 'get',
  path: '/enrollments/{enrollmentId}/screening-results',
  request: { params: enrollmentPath },
  responses: { 200: answer('The results', screeningResponse) },
});

const decideEligibility = operation({
  operationId: 'decideEligibility',
  summary: 'Sign the eligibility decision: the principal investigator, or a physician to whom it is delegated that day.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/eligibility-decision',
  request: {
    params: enrollmentPath,
    body: jsonBody(
      z.strictObject({
        decision,
        reason: text(1000).optional(),
        signature: z.strictObject({
          meaning: text(200),
          sha256: sha256.optional().openapi({ description: 'Of the evaluation that was seen (GET). Without it: the one in force when the request arrives.' }),
        }),
      }),
    ),
  },
  responses: {
    201: answer(
      'Signed',
      z.object({ enrollmentId: z.string(), decisionId: z.string(), decision, signedAt: instant, sha256: z.string().nullable() }),
    ),
  },
});

const invalidateEligibility = operation({
  operationId: 'invalidateEligibility',
  summary: 'Invalidate the eligibility decision in force, before the pivot; one way. Another one is awaited then.',
  tags,
  method: 'post',
  path: '/enrollments/{enrollmentId}/eligibility-decision/invalidation',
  request: { params: enrollmentPath, body: jsonBody(z.strictObject({ reason: text(1000) })) },
  responses: { 201: answer('Invalidated', z.object({ enrollmentId: z.string(), decisionId: z.string() })) },
});

const getEligibility = operation({
  operationId: 'getEligibility',
  summary: 'The newest evaluation, with an explanation for each criterion, and the decisions that were signed.',
  tags,
  method: 'get',
  path: '/enrollments/{enrollmentId}/eligibility-decision',
  request: { params: enrollmentPath },
  responses: { 200: answer('Evaluation and decisions', eligibilityResponse) },
});

export function screeningRoutes(api: Api, deps: ApiDeps, signing: Signing): void {
  const { clients, enrollments } = deps;

  api.openapi(recordScreeningResults, async (c) => {
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const message = { ...(await envelope(deps, c, { enrollmentId: facts.enrollmentId, verb: 'recordScreening', body, content: { results: body.results } })), ...body };
    const { enrollmentId, recorded, missing, verdict: reached, failed } = await enrollments.recordScreening(facts, message);
    return c.json({ enrollmentId, recorded, missing, verdict: reached, failed }, 201);
  });

  api.openapi(listScreeningResults, async (c) => {
    const { enrollmentId } = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    return c.json(toScreening(enrollmentId, await clients.edc.screeningResultsOf(readOf(c, { enrollmentId }))), 200);
  });

  api.openapi(decideEligibility, async (c) => {
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { enrollmentId } = facts;
    // What is in force now is what the caller has seen at best; Study refuses when it is another by the time of signing.
    const seen = body.signature.sha256 ?? (await clients.study.getEligibility(readOf(c, { enrollmentId }))).evaluation?.sha256 ?? null;
    const content = { decision: body.decision, reason: body.reason ?? null, meaning: body.signature.meaning, sha256: seen };
    const { decisionId, decision: decided, signedAt, sha256: signed } = await signing.signed(c, enrollmentId, async (authentication) => {
      const message = { ...(await envelope(deps, c, { enrollmentId, verb: 'signEligibility', body, content, authentication })), ...content };
      return enrollments.signEligibility(facts, message);
    });
    return c.json({ enrollmentId, decisionId, decision: decided, signedAt, sha256: signed }, 201);
  });

  api.openapi(invalidateEligibility, async (c) => {
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { enrollmentId } = facts;
    const message = { ...(await envelope(deps, c, { enrollmentId, verb: 'invalidateEligibility', body, content: { reason: body.reason } })), ...body };
    const { decisionId } = await enrollments.invalidateEligibility(facts, message);
    return c.json({ enrollmentId, decisionId }, 201);
  });

  api.openapi(getEligibility, async (c) => {
    const { enrollmentId } = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    return c.json(toEligibility(enrollmentId, await clients.study.getEligibility(readOf(c, { enrollmentId }))), 200);
  });
}
