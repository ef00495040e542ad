import { problemSchema } from './problem.ts';
import { requiresKey } from './idempotency.ts';
import type { Api } from './deps.ts';

type Document = ReturnType<Api['getOpenAPI31Document']>;
type PathItem = NonNullable<Document['paths']>[string];
type Operation = NonNullable<PathItem['get']>;

const METHODS = ['get', 'post', 'patch'] as const;

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: true,
  description: 'The same key with the same content has one effect and one answer; with other content: 409.',
  schema: { type: 'string' as const, minLength: 1, maxLength: 200 },
};

const ifMatch = {
  name: 'If-Match',
  in: 'header' as const,
  required: true,
  description: 'The ETag that was read: 428 without, 412 when the record has changed since.',
  schema: { type: 'string' as const },
};

/** The OpenAPI 3.1 document of the routes, with what all of them have in common: token, problems, keys. */
export function openApiDocument(app: Api): Document {
  app.openAPIRegistry.register('Problem', problemSchema);
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Trial enrollment',
      version: '1',
      description: 'From signed consent to enrolled. Errors are RFC 9457 problems; times are RFC 3339 UTC.',
    },
    security: [{ token: [] }],
  });
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const described = item[method];
      if (described) decorate(described, method, path);
    }
  }
  return document;
}

function decorate(described: Operation, method: string, path: string): void {
  const needed = [...(requiresKey(method.toUpperCase(), path) ? [idempotencyKey] : []), ...(method === 'patch' ? [ifMatch] : [])];
  if (needed.length > 0) described.parameters = [...(described.parameters ?? []), ...needed];
  described.responses = {
    ...described.responses,
    default: {
      description: 'A problem',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  };
}
