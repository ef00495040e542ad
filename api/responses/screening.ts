import { z } from '@hono/zod-openapi';
import type { EdcClient } from '../../services/edc/client.ts';
import type { ScreeningLogLine, StudyClient } from '../../services/study/client.ts';
import { OUTCOMES, REFUSAL_REASONS } from '../../services/study/index.ts';
import { actorResponse, toActor } from './actor.ts';

const value = z.union([z.number(), z.boolean(), z.string()]);

export const screeningResponse = z
  .object({
    enrollmentId: z.string(),
    status: z.enum(['none', 'open', 'closed']).openapi({ description: '`none`: no forms were opened.' }),
    items: z.array(z.string()).openapi({ description: 'What is asked for, in the order of the protocol.' }),
    results: z.array(
      z.object({
        item: z.string(),
        value,
        unit: z.string().nullable(),
        performedAt: z.string(),
        standardOfCare: z.boolean(),
        reason: z.string().nullable().openapi({ description: 'Of a correction.' }),
        enteredAt: z.string(),
        enteredBy: actorResponse,
        current: z.boolean(),
      }),
    ),
  })
  .openapi('Screening');

type Screening = Awaited<ReturnType<EdcClient['screeningResultsOf']>>;

export function toScreening(enrollmentId: string, screening: Screening): z.output<typeof screeningResponse> {
  if (!screening) return { enrollmentId, status: 'none', items: [], results: [] };
  const results = screening.results.map(({ item, value: given, unit, performedAt, standardOfCare, reason, enteredAt, enteredBy, current }) => (
    { item, value: given, unit, performedAt, standardOfCare, reason, enteredAt, enteredBy: toActor(enteredBy), current }
  ));
  return { enrollmentId, status: screening.status, items: screening.items, results };
}

const person = z.object({ userId: z.string(), name: z.string() });

export const eligibilityResponse = z
  .object({
    enrollmentId: z.string(),
    evaluation: z
      .object({
        round: z.number(),
        verdict: z.enum(['met', 'failed', 'incomplete']),
        sha256: z.string().openapi({ description: 'What a signature is bound to (21 CFR 11.70).' }),
        at: z.string(),
        consentVersion: z.string(),
        criteria: z.array(
          z.object({
            code: z.string(),
            kind: z.enum(['inclusion', 'exclusion']),
            text: z.string(),
            item: z.string(),
            result: z.enum(['met', 'failed', 'missing']).openapi({ description: 'For an exclusion `met` means: not excluded.' }),
            value: value.nullable(),
            unit: z.string().nullable(),
            performedAt: z.string().nullable(),
          }),
        ),
      })
      .nullable(),
    decisions: z.array(
      z.object({
        decisionId: z.string(),
        round: z.number(),
        decision: z.enum(['eligible', 'not_eligible']),
        reason: z.string().nullable(),
        meaning: z.string(),
        signer: person,
        signedAt: z.string(),
        sha256: z.string().nullable(),
        valid: z.boolean().nullable().openapi({ description: 'Are the record and what was seen still what was signed (21 CFR 11.70)? Null where that was not kept.' }),
        invalidated: z.object({ at: z.string(), by: person, reason: z.string() }).nullable(),
      }),
    ),
  })
  .openapi('Eligibility');

type Eligibility = Awaited<ReturnType<StudyClient['getEligibility']>>;

export function toEligibility(enrollmentId: string, { evaluation, decisions }: Eligibility): z.output<typeof eligibilityResponse> {
  return {
    enrollmentId,
    evaluation: evaluation && {
      round: evaluation.round,
      verdict: evaluation.verdict,
      sha256: evaluation.sha256,
      at: evaluation.at,
      consentVersion: evaluation.consentVersion,
      criteria: evaluation.criteria.map(({ code, kind, text, item, result, value: given, unit, performedAt }) => (
        { code, kind, text, item, result, value: given, unit, performedAt }
      )),
    },
    decisions: decisions.map(({ decisionId, round, decision, reason, meaning, signer, signedAt, sha256, valid, invalidated }) => ({
      decisionId, round, decision, reason, meaning, signedAt, sha256, valid,
      signer: { userId: signer.userId, name: signer.name },
      invalidated: invalidated && { at: invalidated.at, by: { userId: invalidated.by.userId, name: invalidated.by.name }, reason: invalidated.reason },
    })),
  };
}

export const screeningLogLine = z
  .object({
    lineId: z.string(),
    at: z.string(),
    enrollmentId: z.string().nullable().openapi({ description: 'Null: never signed.' }),
    subjectNumber: z.string().nullable(),
    closedAt: z.string().nullable(),
    outcome: z.enum(OUTCOMES).nullable(),
    reason: z.string().nullable(),
    refused: z.enum(REFUSAL_REASONS).nullable().openapi({ description: 'Why who was approached did not sign.' }),
  })
  .openapi('ScreeningLogLine');

export function toScreeningLogLine(line: ScreeningLogLine, { reasons }: { reasons: boolean }): z.output<typeof screeningLogLine> {
  const { id: lineId, at, enrollmentId, subjectNumber, closedAt, outcome, reason, refused } = line;
  return { lineId, at, enrollmentId, subjectNumber, closedAt, outcome, reason: reasons ? reason : null, refused };
}
