import { z } from '@hono/zod-openapi';
import { code, instant, text } from '../../services/common/index.ts';
import { ctxOf } from '../call.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { envelope } from '../enrollments/envelope.ts';
import { locate } from '../enrollments/locate.ts';
import { answer, enrollmentPath, jsonBody, operation } from '../operation.ts';

/** More strata than any protocol may have. */
const MAX_STRATA = 10;

const requestRandomisation = operation({
  operationId: 'requestRandomisation',
  summary: 'Randomise: the strata, and who has confirmed them. Cannot be undone; the arm is not told.',
  tags: ['Enrollments'],
  method: 'post',
  path: '/enrollments/{enrollmentId}/randomisation',
  request: {
    params: enrollmentPath,
    body: jsonBody(
      z.strictObject({
        strata: z
          .record(code, code)
          .refine((strata) => Object.keys(strata).length <= MAX_STRATA, `at most ${MAX_STRATA}`)
          .openapi({ description: 'One level for each stratum of the protocol, such as `{"sex": "female"}`.' }),
        confirmedBy: text(100).openapi({ description: 'Who has confirmed the levels: an id as the delegation log knows it.' }),
      }),
    ),
  },
  responses: {
    201: answer('Randomised', z.object({ enrollmentId: z.string(), randomisedAt: instant })),
  },
});

export function randomisationRoutes(api: Api, deps: ApiDeps): void {
  const { enrollments } = deps;

  api.openapi(requestRandomisation, async (c) => {
    const body = c.req.valid('json');
    const facts = await locate(deps, { ctx: ctxOf(c), ...c.req.valid('param'), grant: c.var.grant });
    const { strata, confirmedBy } = body;
    const message = { ...(await envelope(deps, c, { enrollmentId: facts.enrollmentId, verb: 'requestRandomisation', body, content: { strata, confirmedBy } })), ...body };
    const { enrollmentId, randomisedAt } = await enrollments.requestRandomisation(facts, message);
    return c.json({ enrollmentId, randomisedAt }, 201);
  });
}
