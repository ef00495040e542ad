import { z } from '@hono/zod-openapi';
import type { Site } from '../../services/site/index.ts';
import type { Study } from '../../services/study/index.ts';

export const siteResponse = z
  .object({
    id: z.string(),
    siteId: z.string(),
    code: z.string(),
    name: z.string(),
    address: z.string().nullable(),
    timezone: z.string(),
    createdAt: z.string(),
  })
  .openapi('Site');

export function toSiteResponse(site: Site): z.output<typeof siteResponse> {
  const { id, code, name, address, timezone, createdAt } = site;
  return { id, siteId: id, code, name, address, timezone, createdAt };
}

export const studyResponse = z
  .object({
    id: z.string(),
    studyId: z.string(),
    code: z.string(),
    title: z.string(),
    phase: z.string().nullable(),
    sponsor: z.string().nullable(),
    status: z.string(),
    createdAt: z.string(),
  })
  .openapi('Study');

export function toStudyResponse(study: Study): z.output<typeof studyResponse> {
  const { id, studyId, code, title, phase, sponsor, status, createdAt } = study;
  return { id, studyId, code, title, phase, sponsor, status, createdAt };
}
