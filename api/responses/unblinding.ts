import { z } from '@hono/zod-openapi';
import type { BaselineCorrected, CodeBroken, StudyClient, TreatmentAssignment, Unblinding } from '../../services/study/client.ts';

type List = Awaited<ReturnType<StudyClient['getRandomisationList']>>;

export const randomisationListResponse = z
  .object({
    lists: z.array(
      z.object({
        protocolVersionId: z.string(),
        method: z.string(),
        seed: z.string().openapi({ description: 'With the method, what the list is made again from.' }),
      }),
    ),
    items: z.array(
      z.object({
        stratum: z.string(),
        block: z.int(),
        position: z.int(),
        arm: z.string(),
        taken: z
          .object({ allocationId: z.string(), enrollmentId: z.string(), subjectNumber: z.string().nullable(), at: z.string() })
          .nullable()
          .openapi({ description: 'Null: still free.' }),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .openapi('RandomisationList');

export function toRandomisationList({ lists, items, nextCursor }: List): z.output<typeof randomisationListResponse> {
  return {
    lists: lists.map(({ protocolVersionId, method, seed }) => ({ protocolVersionId, method, seed })),
    items: items.map(({ stratum, block, position, arm, allocationId, enrollmentId, subjectNumber, at }) => {
      const taken = allocationId !== null && enrollmentId !== null && at !== null ? { allocationId, enrollmentId, subjectNumber, at } : null;
      return { stratum, block, position, arm, taken };
    }),
    nextCursor,
  };
}

export const treatmentAssignmentResponse = z
  .object({ enrollmentId: z.string(), subjectNumber: z.string().nullable(), allocationId: z.string(), arm: z.string(), randomisedAt: z.string() })
  .openapi('TreatmentAssignment');

export function toTreatmentAssignment(assignment: TreatmentAssignment): z.output<typeof treatmentAssignmentResponse> {
  const { enrollmentId, subjectNumber, allocationId, arm, randomisedAt } = assignment;
  return { enrollmentId, subjectNumber, allocationId, arm, randomisedAt };
}

export const codeBreakResponse = z
  .object({ codeBreakId: z.string(), enrollmentId: z.string(), subjectNumber: z.string().nullable(), arm: z.string(), at: z.string() })
  .openapi('CodeBreak');

export function toCodeBreak(broken: Extract<CodeBroken, { broken: true }>): z.output<typeof codeBreakResponse> {
  const { codeBreakId, enrollmentId, subjectNumber, arm, at } = broken;
  return { codeBreakId, enrollmentId, subjectNumber, arm, at };
}

const person = z.object({ userId: z.string(), name: z.string(), role: z.string() });

export const unblindingResponse = z
  .object({
    unblindingId: z.string(),
    studyId: z.string(),
    scope: z.enum(['subject', 'study']),
    enrollmentId: z.string().nullable(),
    status: z.enum(['requested', 'approved', 'expired']),
    reason: z.string(),
    requestedBy: person,
    requestedAt: z.string(),
    expiresAt: z.string().openapi({ description: 'Nobody can approve it any more from then on.' }),
    approvedBy: person.nullable(),
    approvedAt: z.string().nullable(),
    approvalReason: z.string().nullable(),
  })
  .openapi('Unblinding');

export function toUnblindingResponse(unblinding: Unblinding): z.output<typeof unblindingResponse> {
  const { unblindingId, studyId, scope, enrollmentId, status, reason, requestedAt, expiresAt, approvedAt, approvalReason } = unblinding;
  const named = ({ userId, name, role }: Unblinding['requestedBy']) => ({ userId, name, role });
  return {
    unblindingId, studyId, scope, enrollmentId, status, reason, requestedAt, expiresAt, approvedAt, approvalReason,
    requestedBy: named(unblinding.requestedBy),
    approvedBy: unblinding.approvedBy && named(unblinding.approvedBy),
  };
}

export const baselineCorrectionResponse = z
  .object({ correctionId: z.string(), enrollmentId: z.string(), deviationId: z.string(), strata: z.record(z.string(), z.string()), at: z.string() })
  .openapi('BaselineCorrection');

export function toBaselineCorrection(corrected: BaselineCorrected): z.output<typeof baselineCorrectionResponse> {
  const { correctionId, enrollmentId, deviationId, strata, at } = corrected;
  return { correctionId, enrollmentId, deviationId, strata, at };
}
