import postgres from 'postgres';
import { SERVICES } from '../../../db/provision.ts';

/** The trails are tables like others from now on: entries are numbered, without locks, hashes and chains. */
export async function unchain(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  for (const schema of SERVICES) {
    await sql.unsafe(`
      create or replace function "${schema}"."chain_audit_entry"() returns trigger language plpgsql as $$
      begin
        new.number := nextval('"${schema}"."audit_numbers"');
        new.position := new.number;
        new.previous := ''::bytea;
        new.hash := ''::bytea;
        return new;
      end $$`);
  }
  await sql.end({ timeout: 5 });
}
