import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import { seenSha256 } from './decision-signature.ts';
import type { StudyDeps } from '../deps.ts';
import { enrollmentClosed, outOfOrder } from '../errors.ts';
import { evaluateCriteria } from './evaluate-criteria.ts';
import { getProtocol } from '../set-up/get-protocol.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from '../enrollments/record.ts';
import { eligibilityEvaluations } from './tables.ts';
import type { EvaluateEligibility, Evaluated } from '../types.ts';

/**
 * Evaluates the protocol's criteria against what EDC has been given by now (domain, step 4), and keeps the outcome
 * with each criterion and its value. `sha256` covers what an investigator sees and signs: enrollment, protocol
 * version, consent version, criteria (21 CFR 11.70). Throws `out_of_order` without an opening, `enrollment_closed`.
 */
export async function evaluateEligibility(deps: StudyDeps, { ctx, key, input }: Call<EvaluateEligibility>): Promise<Evaluated> {
  const { db, clock, edc } = deps;
  const { identity, revision, round, consent } = input;
  const { enrollmentId, protocolVersionId } = identity;
  const [screening, { body }] = await Promise.all([
    edc.screeningResultsOf({ ctx, input: { enrollmentId } }),
    getProtocol(deps, { ctx, input: { protocolVersionId } }),
  ]);
  const results = (screening?.results ?? []).filter(({ current }) => current);
  const { verdict, criteria } = evaluateCriteria(body.criteria, { results, consentSignedAt: consent.signedAt });
  const { consentId, version, language, signedAt } = consent;
  const sha256 = seenSha256({ enrollmentId, protocolVersionId, consent: { version, language }, criteria });
  const failed = criteria.filter(({ result }) => result === 'failed').map(({ code }) => code);
  const missing = [...new Set(criteria.filter(({ result }) => result === 'missing').map(({ item }) => item))];

  const content = { identity, round, consent };
  return runCommand({ db, ledger, verb: 'evaluateEligibility', key, content, ctx }, async (tx, audit) => {
    const current = await lockRecord(tx, identity);
    if (!current?.subjectNumber) throw outOfOrder('openEnrollment');
    if (current.outcome !== 'open') throw enrollmentClosed();
    const now = clock();
    const stage = 'screening';
    const evaluationId = uuidv7();
    const row = {
      enrollmentId,
      round,
      sha256,
      verdict,
      criteria,
      consentId,
      consentVersion: version,
      consentLanguage: language,
      consentSignedAt: new Date(signedAt),
      edcRevision: screening?.revision ?? 0,
      at: now,
    };
    await Promise.all([
      writeRecord(tx, { identity, revision, current, position: { stage }, now }),
      statement(tx.insert(eligibilityEvaluations).values({ id: evaluationId, ...row })),
      writeMilestone(tx, { enrollmentId, at: now, event: 'ELIGIBILITY EVALUATED', stage, actor: ctx.actor, details: { verdict, failed } }),
    ]);
    audit({ action: 'C', entity: 'eligibility_evaluation', entityId: evaluationId, after: row });
    return { evaluationId, verdict, failed, missing, sha256 };
  });
}
