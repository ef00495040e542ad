import { uuidv7 } from 'uuidv7';
import { allocate } from '../support/allocation.ts';
import type { TestApi } from './support.ts';
import type { Trial } from './trial.ts';
import { withTransaction } from '../../db/index.ts';
import { unblindingCells, unblindingOwner } from '../../services/study/sealed-rows.ts';

type Of = Pick<Trial, 'studyId' | 'siteId' | 'admin'> & { enrollmentId: string };

/** Gives an enrollment of a direct study an allocation, and `investigator-1` the task of unblinding. */
export async function allocated({ database: { sql } }: TestApi, { studyId, siteId, enrollmentId, admin }: Of): Promise<void> {
  await allocate(sql, { studyId, enrollmentId });
  const body = { userId: 'investigator-1', siteId, tasks: ['unblinding'], from: '2026-02-01T00:00:00Z' };
  const { status } = await admin('POST', `/studies/${studyId}/delegations`, { body });
  if (status !== 201) throw new Error(`the delegation: ${status}`);
}

/** The same, with the study unblinded by two persons, and another request of the subject's open: its id. */
export async function unblinded(api: TestApi, of: Of): Promise<string> {
  await allocated(api, of);
  const { sql } = api.database;
  const db = api.database.connect('study');
  const [whole, open] = [uuidv7(), uuidv7()];
  const reasonOf = async (id: string, owner: { enrollmentId: string | null }) => {
    const key = await withTransaction(db, (tx) => db.vault.keyFor(tx, unblindingOwner(owner)));
    return unblindingCells(key, id).seal('reason', 'the end');
  };
  const asked = { study_id: of.studyId, user_id: 'somebody-1', name: 'Somebody', role: 'sponsor', at: new Date() };
  await sql`insert into study.unblindings ${sql([
    { id: whole, scope: 'study', enrollment_id: null, reason: await reasonOf(whole, { enrollmentId: null }), ...asked },
    { id: open, scope: 'subject', enrollment_id: of.enrollmentId, reason: await reasonOf(open, of), ...asked },
  ])}`;
  await sql`insert into study.unblinding_approvals ${sql({ unblinding_id: whole, user_id: 'somebody-2', name: 'Another', role: 'sponsor', reason: null, at: new Date() })}`;
  return open;
}
