import type { Ctx } from '../../services/common/index.ts';
import type { Withdrawal } from '../../workflows/consent-to-enrollment/types.ts';
import type { ApiDeps } from '../deps.ts';
import type { EnrollmentFacts } from '../responses/enrollment.ts';
import { enrollmentClosed } from './closed.ts';

/**
 * Withdraws an active participant whose enrollment process is over. Throws `enrollment_closed` for any other end;
 * of a participant who was withdrawn already only the same request is answered again.
 */
export async function withdrawAfterEnd(
  { clients, enrollments }: Pick<ApiDeps, 'clients' | 'enrollments'>,
  { ctx, facts, message }: { ctx: Ctx; facts: EnrollmentFacts; message: Withdrawal },
): Promise<{ kind: 'applied' | 'accepted' }> {
  const { enrollmentId } = facts;
  // Read anew: the run may have ended after `facts` were read.
  const [known, record] = await Promise.all([
    clients.study.enrollmentIdentity({ ctx, input: { enrollmentId } }),
    clients.study.getEnrollment({ ctx, input: { enrollmentId } }),
  ]);
  if (!known || !record || (record.outcome !== 'active' && record.outcome !== 'withdrawn')) {
    throw enrollmentClosed();
  }
  const { key, contentHash, scope, decidedBy, actor, requestId, origin, assertion } = message;
  const { subjectNumber, outcome } = record;
  const { body: protocol } = await clients.study.getProtocol({ ctx, input: { protocolVersionId: known.identity.protocolVersionId } });
  const freesCap = protocol.randomisation?.freesCapOnWithdrawal ?? false;
  const withdrawal = { ...known, subjectNumber, key, contentHash, scope, freesCap, decidedBy, actor, requestId, ...(origin === undefined ? {} : { origin }), ...(assertion === undefined ? {} : { assertion }) };
  return enrollments.withdrawAfterEnd(withdrawal, { repeatedOnly: outcome === 'withdrawn' });
}
