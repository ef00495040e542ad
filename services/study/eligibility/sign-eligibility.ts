import { desc, eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement, together } from '../../../db/index.ts';
import { type Call, consentNotInForce, notAuthentic, requireUnused } from '../../common/index.ts';
import { supersedingVersion } from '../set-up/consent-is-current.ts';
import { decisionSha256 } from './decision-signature.ts';
import { decisionInForce } from './decision-in-force.ts';
import type { StudyDeps } from '../deps.ts';
import { isEntitled } from '../entitled.ts';
import { alreadyDecided, criteriaNotMet, enrollmentClosed, evaluationChanged, outOfOrder, signerNotEntitled } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from '../enrollments/record.ts';
import { decisionCells } from '../sealed-rows.ts';
import { eligibilityDecisions, eligibilityEvaluations } from './tables.ts';
import type { EligibilitySigned, SignEligibility } from '../types.ts';
import { written } from '../written.ts';

/**
 * Signs the decision on eligibility (domain, step 4; 21 CFR 11.50, 11.70): one is in force at a time, signed by who is
 * entitled at that moment (11.10(g)) and authentic, bound to the latest evaluation by its SHA-256. Throws `out_of_order`,
 * `enrollment_closed`, `signer_not_entitled`, `already_decided`, `consent_not_in_force`, `criteria_not_met`, `evaluation_changed`.
 * `eligible` is not signed under a superseded consent (ICH E6(R3) 2.8.2): `version` must be consented to first.
 */
export async function signEligibility({ db, clock, patient, commands }: StudyDeps, { ctx, key, input }: Call<SignEligibility>): Promise<EligibilitySigned> {
  const { revision, ...content } = input;
  const { identity, round, decision, reason, meaning, sha256, signer, consent } = content;
  const { enrollmentId, patientId, studyId, siteId } = identity;
  const asserted = await commands.check({ ctx, operations: ['decideEligibility'], about: enrollmentId, content: () => ({ decision, reason, meaning, sha256 }) });
  if (asserted && (asserted.actor.id !== signer.userId || asserted.actor.name !== signer.name)) throw notAuthentic('other_person');
  // To end somebody's participation no consent is needed.
  const consented = decision === 'not_eligible' || (await patient.consentInForce({ ctx, input: { enrollmentId, patientId, studyId, siteId } })).inForce;
  return runCommand<EligibilitySigned>({ db, ledger, verb: 'signEligibility', key, content, ctx }, async (tx, audit) => {
    await requireUnused(tx, { ledger, asserted, by: key });
    const [current, dataKey] = await together([lockRecord(tx, identity), db.vault.keyFor(tx, enrollmentId)]);
    if (!current?.subjectNumber) throw outOfOrder('openEnrollment');
    if (current.outcome !== 'open') throw enrollmentClosed();
    const now = clock();
    const [entitled, inForce, [evaluation], newerVersion] = await Promise.all([
      statement(isEntitled(tx, { studyId, siteId, userId: signer.userId, task: 'eligibility', roles: ['principal'], at: now })),
      decisionInForce(tx, enrollmentId),
      statement(
        tx
          .select({ verdict: eligibilityEvaluations.verdict, sha256: eligibilityEvaluations.sha256 })
          .from(eligibilityEvaluations)
          .where(eq(eligibilityEvaluations.enrollmentId, enrollmentId))
          .orderBy(desc(eligibilityEvaluations.id))
          .limit(1),
      ),
      decision === 'eligible' ? statement(supersedingVersion(tx, { studyId, siteId, ...consent }, now)) : null,
    ]);
    if (!entitled) throw signerNotEntitled();
    if (inForce) throw alreadyDecided();
    if (!consented) throw consentNotInForce();
    if (decision === 'eligible' && evaluation?.verdict !== 'met') throw criteriaNotMet();
    if (sha256 !== (evaluation?.sha256 ?? null)) throw evaluationChanged();
    if (newerVersion !== null) return { signed: false, reason: 'consent_superseded', version: newerVersion };

    const stage = 'eligibility';
    const decisionId = uuidv7();
    const row = { enrollmentId, round, decision, reason, meaning, signerUserId: signer.userId, signerName: signer.name, signedAt: now, sha256 };
    const recordSha256 = decisionSha256({ decisionId, enrollmentId, round, decision, reason, meaning, signer, signedAt: now.toISOString(), sha256 });
    const cells = decisionCells(dataKey, decisionId);
    const sealed = { reason: cells.seal('reason', reason), meaning: cells.seal('meaning', meaning), recordSha256: cells.seal('record_sha256', recordSha256) };
    const event = decision === 'eligible' ? 'ELIGIBILITY CRITERIA MET' : 'ELIGIBILITY CRITERIA NOT MET';
    await Promise.all([
      writeRecord(tx, { identity, revision, current, position: { stage }, now }),
      written(tx.insert(eligibilityDecisions).values({ id: decisionId, ...row, ...sealed, assertion: ctx.assertion ?? null }), { eligibility_decisions_in_force: alreadyDecided }),
      writeMilestone(tx, { enrollmentId, at: now, event, stage, actor: ctx.actor, details: { decisionId, decision, signer, meaning }, key: dataKey }),
    ]);
    audit({ action: 'C', entity: 'eligibility_decision', entityId: decisionId, after: row });
    return { signed: true, decisionId, signedAt: now.toISOString(), sha256 };
  });
}
