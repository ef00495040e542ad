import type postgres from 'postgres';
import { uuidv7 } from 'uuidv7';

/** The arm that is allocated here: found in an answer, a mail or a log, it was told. */
export const ARM = 'ARM-ZULU';

/** Gives an enrollment of a direct study an allocation, from a list of one entry that nobody drew. */
export async function allocate(sql: postgres.Sql, { studyId, enrollmentId }: { studyId: string; enrollmentId: string }): Promise<void> {
  const [record] = await sql`select protocol_version_id from study.enrollments where id = ${enrollmentId}`;
  const protocolVersionId = String(record?.['protocol_version_id']);
  const stratum = uuidv7();
  await sql`insert into study.randomisation_lists (protocol_version_id, study_id, seed, method, created_at)
    values (${protocolVersionId}, ${studyId}, ${'0'.repeat(64)}, 'by hand', now()) on conflict do nothing`;
  await sql`insert into study.randomisation_strata (id, protocol_version_id, key, blocks, length, next) values (${stratum}, ${protocolVersionId}, ${stratum}, 1, 1, 2)`;
  await sql`insert into study.randomisation_entries (stratum_id, position, block, arm) values (${stratum}, 1, 0, ${ARM})`;
  await sql`insert into study.allocations (id, enrollment_id, stratum_id, position, strata, confirmed_by, actor, at)
    values (${uuidv7()}, ${enrollmentId}, ${stratum}, 1, ${sql.json({})}, 'inv-7', ${sql.json({ kind: 'service', service: 'test' })}, now())`;
}
