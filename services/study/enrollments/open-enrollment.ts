import { and, eq, inArray, ne } from 'drizzle-orm';
import { runCommand, statement, type Transaction } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { enrollmentClosed } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { enrollmentCells } from '../sealed-rows.ts';
import { makeStrata } from '../randomisation/make-strata.ts';
import { lockPerson, readRecord, writeMilestone, writeRecord } from './record.ts';
import { mayScreen, vainScreenings } from './rescreens.ts';
import { nextSubjectNumber } from './subject-number.ts';
import { enrollments, screeningLog } from './tables.ts';
import { investigators, protocolVersions, studies } from '../tables.ts';
import type { EnrollmentIdentity, OpeningResult, OpenEnrollment } from '../types.ts';

/**
 * Opens an enrollment (domain, step 2): asks again, under a lock on person and study, whether it is admissible and
 * the only one; gives the site's next subject number; writes record, screening-log line and milestone. Refused:
 * the record is written as `voided`, without a number. Where the protocol randomises by site, the site's lists are made
 * with its first participant. Throws `enrollment_closed` when it has its outcome.
 * The revision is no part of the content: an attempt that is repeated after parking carries a higher one.
 */
export async function openEnrollment({ db, clock }: StudyDeps, { ctx, key, input }: Call<OpenEnrollment>): Promise<OpeningResult> {
  const { identity, revision, consentId, signedAt } = input;
  const { enrollmentId, studyId, siteId } = identity;
  const content = { identity, consentId, signedAt };
  return runCommand<OpeningResult>({ db, ledger, verb: 'openEnrollment', key, content, ctx }, async (tx, audit) => {
    await lockPerson(tx, identity);
    const [current, another, { missing, pattern, plan }] = await Promise.all([
      readRecord(tx, identity),
      hasAnother(tx, identity),
      admissibility(tx, identity),
    ]);
    if (current?.subjectNumber) return { opened: true, subjectNumber: current.subjectNumber };
    if (current && current.outcome !== 'open') throw enrollmentClosed();
    const now = clock();
    const write = { identity, revision, current, position: { stage: 'consent' as const }, now };

    if (another || pattern === undefined || missing.length > 0) {
      const reason = another ? 'already_enrolled' : 'not_admissible';
      const facts = { consentId, outcome: 'voided', status: 'not-registered' } as const;
      const dataKey = await db.vault.keyFor(tx, enrollmentId);
      const outcomeReason = enrollmentCells(dataKey, enrollmentId).seal('outcome_reason', reason);
      await writeRecord(tx, { ...write, facts: { ...facts, outcomeReason } });
      await writeMilestone(tx, { enrollmentId, at: now, event: 'OPENING REFUSED', stage: 'consent', actor: ctx.actor, details: { reason, missing }, key: dataKey });
      audit({ action: 'C', entity: 'enrollment', entityId: enrollmentId, after: { ...facts, outcomeReason: reason, missing } });
      return { opened: false, reason, missing };
    }

    if (plan?.bySite) await makeStrata(tx, { protocolVersionId: identity.protocolVersionId, plan, siteId });
    const subjectNumber = await nextSubjectNumber(tx, { ...identity, pattern });
    const event = 'INFORMED CONSENT OBTAINED';
    await Promise.all([
      writeRecord(tx, { ...write, facts: { subjectNumber, consentId } }),
      statement(tx.insert(screeningLog).values({ enrollmentId, studyId, siteId, subjectNumber, openedAt: now })),
      writeMilestone(tx, { enrollmentId, at: new Date(signedAt), event, stage: 'consent', actor: ctx.actor, details: { subjectNumber, consentId } }),
    ]);
    audit({ action: 'C', entity: 'enrollment', entityId: enrollmentId, after: { ...identity, subjectNumber, consentId } });
    return { opened: true, subjectNumber };
  });
}

/** Is this person open or active in the study under another enrollment, at whatever site? */
async function hasAnother(tx: Transaction, { enrollmentId, studyId, patientId }: EnrollmentIdentity): Promise<boolean> {
  const rows = await statement(
    tx
      .select({ id: enrollments.id })
      .from(enrollments)
      .where(
        and(
          eq(enrollments.studyId, studyId),
          eq(enrollments.patientId, patientId),
          inArray(enrollments.outcome, ['open', 'active']),
          ne(enrollments.id, enrollmentId),
        ),
      )
      .limit(1),
  );
  return rows.length > 0;
}

/** What of Study's own keeps the enrollment from opening by now; the site's part is asked again with the slot. */
async function admissibility(tx: Transaction, identity: EnrollmentIdentity) {
  const { studyId, siteId, protocolVersionId } = identity;
  const [[study], [protocol], [principal], screenings] = await Promise.all([
    statement(tx.select({ status: studies.status }).from(studies).where(eq(studies.id, studyId))),
    statement(
      tx
        .select({ body: protocolVersions.body })
        .from(protocolVersions)
        .where(and(eq(protocolVersions.id, protocolVersionId), eq(protocolVersions.studyId, studyId))),
    ),
    statement(
      tx
        .select({ id: investigators.id })
        .from(investigators)
        .where(and(eq(investigators.studyId, studyId), eq(investigators.siteId, siteId), eq(investigators.role, 'principal')))
        .limit(1),
    ),
    statement(vainScreenings(tx, identity)),
  ]);
  const missing: string[] = [];
  if (!study) missing.push('study_not_found');
  else if (study.status !== 'active') missing.push('study_not_open');
  if (!protocol) missing.push('protocol_version');
  if (!principal) missing.push('principal_investigator');
  if (protocol && !mayScreen(protocol.body, screenings)) missing.push('rescreens_used_up');
  return { missing, pattern: protocol?.body.subjectNumberPattern, plan: protocol?.body.randomisation };
}
