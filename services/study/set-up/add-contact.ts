import { and, eq, isNull } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { runCommand, statement } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { ledger } from '../ledger.ts';
import type { NewContact } from '../schemas.ts';
import { contacts } from '../tables.ts';
import { written } from '../written.ts';

/**
 * Adds who else is told, at one site or (without `siteId`) at all. The same user in the same role there again
 * corrects name and e-mail, with both values in the audit trail. Throws `study_not_found`.
 */
export async function addContact(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<NewContact & { studyId: string }>,
): Promise<{ contactId: string }> {
  return runCommand({ db, ledger, verb: 'addContact', key, content: input, ctx }, async (tx, audit) => {
    const { studyId, siteId = null, userId, name, email, role } = input;
    const added = await written(
      tx
        .insert(contacts)
        .values({ id: uuidv7(), studyId, siteId, userId, name, email, role, createdAt: clock() })
        .onConflictDoNothing()
        .returning({ id: contacts.id }),
    );
    const entity = 'contact';
    if (added[0]) {
      audit({ action: 'C', entity, entityId: added[0].id, after: input });
      return { contactId: added[0].id };
    }
    const site = siteId === null ? isNull(contacts.siteId) : eq(contacts.siteId, siteId);
    const same = and(eq(contacts.studyId, studyId), site, eq(contacts.userId, userId), eq(contacts.role, role));
    const [known] = await statement(tx.select().from(contacts).where(same).for('update'));
    // Contacts are never deleted, so the one that was in the way is still there.
    const id = known!.id;
    await statement(tx.update(contacts).set({ name, email }).where(eq(contacts.id, id)));
    audit({ action: 'U', entity, entityId: id, before: { name: known!.name, email: known!.email }, after: { name, email } });
    return { contactId: id };
  });
}
