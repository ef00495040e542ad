import { type Ctx, DomainError, type User } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import type { RecordOutcome } from '../types.ts';

const DECIDED_BY = 'decided_by_';
/** Whom a run acts for when Temporal itself cancels it (see the workflow's handlers). */
const CANCELLED_IN_TEMPORAL = 'temporal';
const UNVERIFIED: User = { id: 'unverified', name: 'Not given through the API', role: 'ops' };

/**
 * A person's withdrawal or an operator's abort has taken effect in the run by now, and is recorded; but in nobody's name
 * who has not given it through the API.
 */
export async function attributed({ commands }: StudyDeps, { ctx, input }: { ctx: Ctx; input: RecordOutcome }): Promise<Ctx> {
  const { identity, reason, scope } = input;
  const byTemporal = ctx.actor.kind === 'workflow' && ctx.actor.onBehalfOf.id === CANCELLED_IN_TEMPORAL;
  const operation = reason?.startsWith(DECIDED_BY) ? 'withdrawParticipant' : reason === 'aborted' && !byTemporal ? 'resolveEnrollment' : null;
  if (operation === null) return ctx;
  try {
    const asserted = await commands.check({ ctx, operations: [operation], about: identity.enrollmentId });
    const said = asserted?.said ?? {};
    const same = operation === 'resolveEnrollment' ? said['action'] === 'abort' : reason === `${DECIDED_BY}${said['decidedBy']}` && (scope === undefined || scope === said['scope']);
    if (asserted === null || same) return ctx;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'command_not_authentic') throw error;
  }
  return { ...ctx, actor: { ...ctx.actor, onBehalfOf: UNVERIFIED } as Ctx['actor'] };
}
