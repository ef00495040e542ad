import { eq } from 'drizzle-orm';
import { runCommand, statement } from '../../../db/index.ts';
import { type Call, requireUnused } from '../../common/index.ts';
import { supersedingVersion } from '../set-up/consent-is-current.ts';
import { decisionInForce } from '../eligibility/decision-in-force.ts';
import type { StudyDeps } from '../deps.ts';
import { alreadyRandomised, enrollmentClosed, notRandomising, outOfOrder, strataInvalid } from '../errors.ts';
import { ledger } from '../ledger.ts';
import { lockRecord, writeMilestone, writeRecord } from '../enrollments/record.ts';
import { protocolVersions } from '../tables.ts';
import type { Randomised, RandomiseParticipant } from '../types.ts';
import { stratumKey } from './stratum-key.ts';
import { allocations } from './tables.ts';
import { takeAllocation } from './take-allocation.ts';

/**
 * Randomises (domain, step 8): the pivot, never undone. Consent, signature and record are checked again in the same
 * transaction; the next position of the stratum is taken under its lock. Throws `not_randomising`, `strata_invalid`,
 * `out_of_order`, `enrollment_closed`, `already_randomised`. On a superseded `consent` nobody is randomised: `held`.
 */
export async function randomiseParticipant({ db, clock, commands }: StudyDeps, { ctx, key, input }: Call<RandomiseParticipant>): Promise<Randomised> {
  const { identity, revision, strata, confirmedBy, consent } = input;
  const { enrollmentId, studyId, siteId, protocolVersionId } = identity;
  const content = { identity, strata, confirmedBy };
  const asked = () => commands.check({ ctx, operations: ['requestRandomisation'], about: enrollmentId, content: () => ({ strata, confirmedBy }) });
  return runCommand<Randomised>({ db, ledger, verb: 'randomiseParticipant', key, content, ctx }, async (tx, audit) => {
    const current = await lockRecord(tx, identity);
    if (!current?.enrolledAt || current.enrollmentVoidedAt) throw outOfOrder('enrollParticipant');
    if (current.outcome !== 'open') throw enrollmentClosed();
    const now = clock();
    const [[protocol], [allocated], decision, newerVersion] = await Promise.all([
      statement(tx.select({ body: protocolVersions.body }).from(protocolVersions).where(eq(protocolVersions.id, protocolVersionId))),
      statement(tx.select({ id: allocations.id }).from(allocations).where(eq(allocations.enrollmentId, enrollmentId))),
      decisionInForce(tx, enrollmentId),
      consent ? statement(supersedingVersion(tx, { studyId, siteId, ...consent }, now)) : null,
    ]);
    const plan = protocol?.body.randomisation;
    if (!plan) throw notRandomising();
    if (allocated) throw alreadyRandomised();
    if (protocol.body.eligibilitySignature && decision?.decision !== 'eligible') throw outOfOrder('signEligibility');
    // Where the protocol randomises by itself nobody has asked for it.
    if (!plan.autoRandomise) await requireUnused(tx, { ledger, asserted: await asked(), by: key });
    const stratum = stratumKey(plan, { levels: strata, siteId });
    if (stratum === null) throw strataInvalid();
    if (newerVersion !== null) return { held: 'consent_superseded', version: newerVersion };

    const stage = 'randomisation';
    await writeRecord(tx, { identity, revision, current, position: { stage }, now });
    // Last: the stratum's row is locked from here to COMMIT, and whoever else is randomised in it waits.
    const allocationId = await takeAllocation(tx, { enrollmentId, protocolVersionId, plan, stratum, strata, confirmedBy, actor: ctx.actor, now });
    await writeMilestone(tx, { enrollmentId, at: now, event: 'RANDOMIZED', stage, actor: ctx.actor, details: { allocationId } });
    audit({ action: 'C', entity: 'allocation', entityId: allocationId, after: { enrollmentId, strata, confirmedBy } });
    return { allocationId, at: now.toISOString() };
  });
}
