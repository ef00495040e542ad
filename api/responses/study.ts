import { z } from '@hono/zod-openapi';
import type { Site } from '../../services/site/index.ts';
import type { EnrollmentSummary, Study } from '../../services/study/index.ts';
import { OUTCOMES, STAGES } from '../../services/study/index.ts';

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

const counts = <K extends string>(keys: readonly K[]) => z.object(Object.fromEntries(keys.map((key) => [key, z.int()])) as Record<K, z.ZodInt>);

export const summaryResponse = z
  .object({ studyId: z.string(), total: z.int(), byStage: counts(STAGES), byOutcome: counts(OUTCOMES) })
  .openapi('EnrollmentSummary');

/** Every stage and outcome is named, with 0 where there is none. */
export function toSummaryResponse(studyId: string, summary: EnrollmentSummary): z.output<typeof summaryResponse> {
  const filled = <K extends string>(keys: readonly K[], of: Partial<Record<K, number>>) =>
    Object.fromEntries(keys.map((key) => [key, of[key] ?? 0])) as Record<K, number>;
  const { total, byStage, byOutcome } = summary;
  return { studyId, total, byStage: filled(STAGES, byStage), byOutcome: filled(OUTCOMES, byOutcome) };
}
