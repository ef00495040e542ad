import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import { id, pageRequest } from '../services/common/index.ts';
import type { OperationId } from '../services/common/authority/policy.ts';

/** A route of the API. Its operationId is its row in the policy; without a row it doesn't compile and is denied. */
export function operation<
  P extends string,
  R extends Omit<RouteConfig, 'path' | 'operationId'> & { path: P; operationId: OperationId; summary: string; tags: string[] },
>(config: R) {
  return createRoute(config);
}

export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true as const, content: { 'application/json': { schema } } };
}

export function answer<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'application/json': { schema } } };
}

/** The schema of one page of a list. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const pageQuery = pageRequest.strict();
export const patientPath = z.object({ patientId: id });
export const siteIdPath = z.object({ siteId: id });
export const studyPath = z.object({ studyId: id });
export const enrollmentPath = z.object({ enrollmentId: id });

/** Where a created thing is found. */
export function locationOf(path: string): { Location: string } {
  return { Location: `/api/v1${path}` };
}
