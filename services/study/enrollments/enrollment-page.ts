import { and, eq, lt, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { statement, type Transaction } from '../../../db/index.ts';
import { enrollments } from './tables.ts';
import type { ListEnrollments } from '../types.ts';
import { OUTCOMES, STAGES } from '../vocabulary.ts';

/** Combinations of study and site that one list may be made of. */
export const MAX_PAIRS = 200;

const x = alias(enrollments, 'x');
const OUTCOME_VALUES = ['open', ...OUTCOMES];

/** A column that must have one of these values. */
type Dimension = { column: SQL; type: 'uuid' | 'text' | 'boolean'; values: string[] };

/**
 * To be called first in the transaction of `newestIds`. Where the planner expects few rows it would fetch a range
 * whole and sort it, which is dear where it errs; without bitmaps it stops at the limit, in the order of the index.
 * Planned for the values at hand: which index serves best depends on them.
 */
export async function keepIndexOrder(tx: Pick<Transaction, 'execute'>): Promise<void> {
  await statement(tx.execute(sql`select set_config('enable_bitmapscan', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)`));
}

/** The ids that the caller may see and asks for: undefined means any. */
const within = (one: string | undefined, scope: string[] | undefined): string[] | undefined => {
  if (one === undefined) return scope && [...new Set(scope)];
  return scope === undefined || scope.includes(one) ? [one] : [];
};

/** Studies and sites of the list, or null when the caller's scope leaves nothing to show. */
export function placesOf(input: ListEnrollments): { studies: string[] | undefined; sites: string[] | undefined } | null {
  const studies = within(input.studyId, input.studyIds);
  const sites = within(input.siteId, input.siteIds);
  return studies?.length === 0 || sites?.length === 0 ? null : { studies, sites };
}

/**
 * SQL for the newest `limit` ids of the list. Its cost must not grow with the table, whatever the filter: so it
 * walks one index range per combination of the values that the columns may have (filters that are left out are
 * spelled out, each has few values), takes `limit` ids of each in the order of the index, and merges them.
 */
export function newestIds(input: ListEnrollments, { studies, sites, limit }: NonNullable<ReturnType<typeof placesOf>> & { limit: number }): SQL {
  const { stage, outcome, needsAttention, awaiting, patientId, cursor } = input;
  const dimensions: Dimension[] = [];
  if (studies) dimensions.push({ column: sql`${x.studyId}`, type: 'uuid', values: studies });
  if (sites) dimensions.push({ column: sql`${x.siteId}`, type: 'uuid', values: sites });
  // A person has few enrollments: there the other filters may as well be checked row by row.
  const spelledOut = patientId === undefined && [stage, outcome, needsAttention, awaiting].some((filter) => filter !== undefined);
  const state = (column: SQL, type: Dimension['type'], one: string | undefined, all: readonly string[]) => {
    if (one !== undefined || spelledOut) dimensions.push({ column, type, values: one === undefined ? [...all] : [one] });
  };
  state(sql`${x.stage}`, 'text', stage, STAGES);
  state(sql`${x.outcome}`, 'text', outcome, OUTCOME_VALUES);
  state(sql`${x.needsAttention}`, 'boolean', needsAttention?.toString(), ['true', 'false']);

  const fixed = dimensions.map(({ column, type, values }, index) =>
    values.length === 1
      ? // Through text: the driver writes a parameter of type boolean from booleans only.
        sql`${column} = ${values[0]}::text::${sql.raw(type)}`
      : sql`${column} = ${sql.identifier(`d${index}`)}.value`,
  );
  const lists = dimensions.flatMap(({ type, values }, index) =>
    values.length === 1
      ? []
      : [sql`unnest(string_to_array(${values.join(',')}::text, ',')::${sql.raw(type)}[]) as ${sql.identifier(`d${index}`)}(value) cross join `],
  );
  const where = and(
    ...fixed,
    awaiting === undefined ? undefined : eq(x.awaitingWhat, awaiting),
    patientId === undefined ? undefined : eq(x.patientId, patientId),
    cursor === undefined ? undefined : lt(x.id, cursor),
  );
  // The limit stands in the text: as a parameter the planner could not see that few rows are wanted.
  const rows = sql.raw(String(limit));
  return sql`select page.id from ${sql.join(lists)} lateral (
    select ${x.id} as id from ${enrollments} as ${x} ${where ? sql`where ${where}` : sql``} order by ${x.id} desc limit ${rows}
  ) as page order by page.id desc limit ${rows}`;
}
