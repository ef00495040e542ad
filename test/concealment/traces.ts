import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type postgres from 'postgres';

/** Where a text stands, and in what: everything is looked at as text. */
export type Trace = { where: string; text: string };

/** Every file below these folders, as Latin-1: no byte is lost, and ASCII stays what it is. */
export async function filesBelow(...folders: string[]): Promise<Trace[]> {
  const traces = await Promise.all(folders.map(async (folder) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return Promise.all(entries.filter((entry) => entry.isFile()).map(async ({ parentPath, name }) => {
      const where = join(parentPath, name);
      return { where, text: await readFile(where, 'latin1') };
    }));
  }));
  return traces.flat();
}

/** Every row of every table of our schemas, one text for each table. */
export async function tablesOf(sql: postgres.Sql): Promise<Trace[]> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_schema in ('patient', 'study', 'site', 'edc', 'notification') and table_type = 'BASE TABLE' order by 1`;
  return Promise.all(tables.map(async ({ name }) => {
    const rows = await sql.unsafe<{ row: string }[]>(`select t::text as row from ${name} t`);
    return { where: name, text: rows.map(({ row }) => row).join('\n') };
  }));
}

/** `marker in where` for each mark that is found. */
export function hits(marks: readonly string[], traces: readonly Trace[]): string[] {
  return traces.flatMap(({ where, text }) => marks.filter((mark) => text.includes(mark)).map((mark) => `${mark} in ${where}`));
}
