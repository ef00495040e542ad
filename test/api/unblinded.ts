import { uuidv7 } from 'uuidv7';
import type { TestApi } from './support.ts';
import type { Trial } from './trial.ts';

type Of = Pick<Trial, 'studyId' | 'siteId' | 'admin'> & { enrollmentId: string };

/** The arm in the list below: found in an answer, it was told. */
export const ARM = 'ARM-ZULU';

/**
 * Gives an enrollment of a direct study an allocation, without a list that was drawn, and the investigator
 * `investigator-1` the task of unblinding.
 */
export async function allocated({ database: { sql } }: TestApi, { studyId, siteId, enrollmentId, admin }: Of): Promise<void> {
  const [record] = await sql`select protocol_version_id from study.enrollments where id = ${enrollmentId}`;
  const protocolVersionId = String(record?.['protocol_version_id']);
  const stratum = uuidv7();
  await sql`insert into study.randomisation_lists (protocol_version_id, study_id, seed, method, created_at)
    values (${protocolVersionId}, ${studyId}, ${'0'.repeat(64)}, 'by hand', now()) on conflict do nothing`;
  await sql`insert into study.randomisation_strata (id, protocol_version_id, key, blocks, length, next) values (${stratum}, ${protocolVersionId}, ${stratum}, 1, 1, 2)`;
  await sql`insert into study.randomisation_entries (stratum_id, position, block, arm) values (${stratum}, 1, 0, ${ARM})`;
  await sql`insert into study.allocations (id, enrollment_id, stratum_id, position, strata, confirmed_by, actor, at)
    values (${uuidv7()}, ${enrollmentId}, ${stratum}, 1, ${sql.json({})}, 'inv-7', ${sql.json({ kind: 'service', service: 'test' })}, now())`;
  const body = { userId: 'investigator-1', siteId, tasks: ['unblinding'], from: '2026-02-01T00:00:00Z' };
  const { status } = await admin('POST', `/studies/${studyId}/delegations`, { body });
  if (status !== 201) throw new Error(`the delegation: ${status}`);
}

/** The same, with the study unblinded by two persons, and another request of the subject's open: its id. */
export async function unblinded(api: TestApi, of: Of): Promise<string> {
  await allocated(api, of);
  const { sql } = api.database;
  const [whole, open] = [uuidv7(), uuidv7()];
  const asked = { study_id: of.studyId, reason: 'the end', user_id: 'somebody-1', name: 'Somebody', role: 'sponsor', at: new Date() };
  await sql`insert into study.unblindings ${sql([{ id: whole, scope: 'study', enrollment_id: null, ...asked }, { id: open, scope: 'subject', enrollment_id: of.enrollmentId, ...asked }])}`;
  await sql`insert into study.unblinding_approvals ${sql({ unblinding_id: whole, user_id: 'somebody-2', name: 'Another', role: 'sponsor', reason: null, at: new Date() })}`;
  return open;
}
