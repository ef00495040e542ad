import { z } from '@hono/zod-openapi';
import type { Activation, Site } from '../../services/site/index.ts';
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

const studySite = z.object({
  siteId: z.string(),
  code: z.string(),
  name: z.string(),
  timezone: z.string(),
  approvals: z.array(z.object({ protocolVersion: z.string(), ethicsApprovedAt: z.string() })),
  slots: z
    .object({ cap: z.int(), reserved: z.int(), confirmed: z.int() })
    .optional()
    .openapi({ description: 'For who may see the numbers of the site.' }),
});

export const studyWithSites = studyResponse
  .extend({
    sites: z.array(studySite).nullable().openapi({ description: 'Where the study runs, by code; null when that could not be asked.' }),
    degraded: z.array(z.enum(['site'])).optional().openapi({ description: 'What could not be asked, so that its part is missing.' }),
  })
  .openapi('StudyWithSites');
export type StudyWithSites = z.output<typeof studyWithSites>;

export function toStudySite({ siteId, site, cap, reserved, confirmed, approvals }: Activation, { counted }: { counted: boolean }): z.output<typeof studySite> {
  const { code, name, timezone } = site;
  return {
    siteId,
    code,
    name,
    timezone,
    approvals: approvals.map(({ protocolVersion, ethicsApprovedAt }) => ({ protocolVersion, ethicsApprovedAt })),
    ...(counted ? { slots: { cap, reserved, confirmed } } : {}),
  };
}
