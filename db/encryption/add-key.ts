import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import type { ServiceDatabase } from '../connect.ts';
import { statement, withTransaction } from '../transaction.ts';
import { extended } from './key-ring.ts';

/**
 * Adds a key of this name to a file of keys; it seals from then on. The file is the old one or the new one at every
 * moment, and two at once come one after the other: a lock of the database ends with the process that has it, which a
 * file beside it would not. Throws KeyFileError, and DatabaseError while the database can't be asked.
 */
export async function addKey(db: ServiceDatabase, { file, id }: { file: string; id: string }): Promise<void> {
  const draft = `${file}.next`;
  await withTransaction(db, async (tx) => {
    await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`trial-enrollment/keys/${file}`}, 0))`));
    // What a process that was killed here has left is in nobody's use.
    await rm(draft, { force: true });
    await writeFile(draft, await extended(file, id), { mode: 0o600, flag: 'wx', flush: true });
    await chmod(draft, 0o600);
    await rename(draft, file);
  });
}
