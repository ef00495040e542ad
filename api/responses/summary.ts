import { z } from '@hono/zod-openapi';
import type { EnrollmentSummary } from '../../services/study/index.ts';
import { OUTCOMES, STAGES } from '../../services/study/index.ts';

const counts = <K extends string>(keys: readonly K[]) => z.object(Object.fromEntries(keys.map((key) => [key, z.int()])) as Record<K, z.ZodInt>);

export const summaryResponse = z
  .object({
    studyId: z.string(),
    total: z.int().openapi({ description: 'Enrollments; who is screened again counts again.' }),
    byStage: counts(STAGES),
    byOutcome: counts(OUTCOMES),
    screened: z.int().openapi({ description: 'Assessed for eligibility: enrollments, and who refused before signing.' }),
    failedByReason: z
      .array(z.object({ criterion: z.string().nullable(), text: z.string().nullable(), count: z.int() }))
      .openapi({ description: 'Screen failures by failed criterion, of which one enrollment may have several; null: none is recorded.' }),
    declined: z.int().openapi({ description: 'Withdrew after signing, before being enrolled.' }),
    randomised: z.int().openapi({ description: 'Allocated, in whatever arm; 0 where the protocol does not randomise.' }),
    withdrawn: z.int().openapi({ description: 'After the pivot: randomisation or, where the protocol has none, the confirmed slot. Earlier ones are in `byOutcome` only.' }),
    active: z.int(),
  })
  .openapi('EnrollmentSummary');

/** Every stage and outcome is named, with 0 where there is none; never an arm. */
export function toSummaryResponse(studyId: string, summary: EnrollmentSummary): z.output<typeof summaryResponse> {
  const filled = <K extends string>(keys: readonly K[], of: Partial<Record<K, number>>) =>
    Object.fromEntries(keys.map((key) => [key, of[key] ?? 0])) as Record<K, number>;
  const { total, byStage, byOutcome, flow } = summary;
  const { excluded, entered } = flow;
  const { byCriterion, withoutCriterion } = excluded.screenFailed;
  return {
    studyId,
    total,
    byStage: filled(STAGES, byStage),
    byOutcome: filled(OUTCOMES, byOutcome),
    screened: flow.assessed,
    failedByReason: [
      ...byCriterion.map(({ code, text, count }) => ({ criterion: code, text, count })),
      ...(withoutCriterion > 0 ? [{ criterion: null, text: null, count: withoutCriterion }] : []),
    ],
    declined: excluded.declined,
    randomised: entered.randomised,
    withdrawn: entered.withdrawn,
    active: entered.active,
  };
}
