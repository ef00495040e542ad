import { and, eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import type { NewInvestigator } from '../schemas.ts';
import { investigators } from '../tables.ts';
import { written } from '../written.ts';

/**
 * Adds an investigator of a site. The same user at the same site again corrects name, e-mail and role, with
 * both values in the audit trail. Throws `study_not_found`.
 */
export async function addInvestigator(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<NewInvestigator & { studyId: string }>,
): Promise<{ investigatorId: string }> {
  return runCommand({ db, ledger, verb: 'addInvestigator', key, content: input, ctx }, async (tx, audit) => {
    const { studyId, siteId, userId, name, email, role } = input;
    const added = await written(
      tx
        .insert(investigators)
        .values({ id: uuidv7(), studyId, siteId, userId, name, email, role, createdAt: clock() })
        .onConflictDoNothing()
        .returning({ id: investigators.id }),
    );
    const entity = 'investigator';
    if (added[0]) {
      audit({ action: 'C', entity, entityId: added[0].id, after: input });
      return { investigatorId: added[0].id };
    }
    const same = and(eq(investigators.studyId, studyId), eq(investigators.siteId, siteId), eq(investigators.userId, userId));
    const [known] = await statement(tx.select().from(investigators).where(same).for('update'));
    // Investigators are never deleted, so the one that was in the way is still there.
    const id = known!.id;
    await statement(tx.update(investigators).set({ name, email, role }).where(eq(investigators.id, id)));
    audit({
      action: 'U',
      entity,
      entityId: id,
      before: { name: known!.name, email: known!.email, role: known!.role },
      after: { name, email, role },
    });
    return { investigatorId: id };
  });
}
