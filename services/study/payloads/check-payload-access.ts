import { withTransaction, writeAudit } from '../../../db/index.ts';
import { covers, grantOf } from '../../common/authority/index.ts';
import type { Read } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import { belongingsOf } from './belongings-of.ts';

export type PayloadsAsked = {
  /** Each once, with how many of its payloads are to be shown. */
  workflows: { workflowId: string; payloads: number }[];
  /** How many more did not open: tampered with, or of no known workflow. */
  unopened: number;
};

const entity = 'workflow_payloads';

/**
 * Whose payloads in Temporal's histories may the caller read? Those of a workflow all of whose enrollments are within
 * reach; of one that nothing is known of, nobody's. Who asked, for which workflows, how many, and which were refused, is
 * audited in the same transaction: when the audit rows can't be written, nothing is shown.
 */
export async function checkPayloadAccess({ db }: StudyDeps, { ctx, input }: Read<PayloadsAsked>): Promise<{ readable: string[] }> {
  const { workflows, unopened } = input;
  const grant = grantOf(ctx);
  return withTransaction(db, async (tx) => {
    const belongings = await belongingsOf(tx, workflows.map(({ workflowId }) => workflowId));
    const mayRead = (workflowId: string) => {
      const all = belongings.get(workflowId) ?? [];
      return all.length > 0 && all.every((thing) => covers(grant, thing));
    };
    const asked = workflows.map(({ workflowId, payloads }) => ({ workflowId, payloads, shown: mayRead(workflowId) }));
    const entries = asked.map(({ workflowId, ...after }) => ({ action: 'R', entity, entityId: workflowId, after }) as const);
    const closed = { action: 'R', entity, entityId: 'unopened', after: { payloads: unopened, shown: false } } as const;
    await writeAudit(tx, { db, ledger, verb: 'checkPayloadAccess', ctx }, [...entries, ...(unopened > 0 ? [closed] : [])]);
    return { readable: asked.filter(({ shown }) => shown).map(({ workflowId }) => workflowId) };
  });
}
