import { randomBytes } from 'node:crypto';
import type postgres from 'postgres';
import type { ServiceName } from '../../db/provision.ts';

/** Texts that stand nowhere else in the world. */
export function marks() {
  const said: string[] = [];
  return {
    said,
    mark: (what: string): string => {
      const text = `Q${what}${randomBytes(6).toString('hex')}Z – 患者原话`;
      said.push(text);
      return text;
    },
  };
}

/** Every table of the schema in which one of these stands, in any column of whatever type, as text or as its bytes. */
export async function inPlain(sql: postgres.Sql, schema: ServiceName, said: readonly string[]): Promise<string[]> {
  const tables = await sql`select table_name as name from information_schema.tables where table_schema = ${schema} and table_type = 'BASE TABLE'`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await sql.unsafe<{ row: string }[]>(`select t::text as row from ${schema}.${String(name)} t`);
    const text = rows.map(({ row }) => row).join('\n');
    for (const one of said) {
      const forms = [one, Buffer.from(one).toString('hex'), Buffer.from(one).toString('base64').slice(0, -4)];
      if (forms.some((form) => text.includes(form))) found.push(`${one} in ${schema}.${String(name)}`);
    }
  }
  return found;
}
