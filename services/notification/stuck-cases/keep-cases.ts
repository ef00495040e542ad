import { and, asc, eq, exists, gt, inArray, isNotNull, isNull, lt, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { uuidv7 } from 'uuidv7';
import { read, statement, type Transaction } from '../../../db/index.ts';
import type { StuckCase, StuckKind } from '../../common/index.ts';
import type { NotificationDeps } from '../deps.ts';
import { messages } from '../tables.ts';
import { stuckCases, type StuckCaseRow } from './tables.ts';

/** What a run tells operators of by itself, at once; the watch tells only when it has not. */
const TOLD_BY_THE_RUN: StuckKind[] = ['parked', 'next_round', 'compensation_failing'];
/** The run's own mail is on its way meanwhile. */
const RUN_TELLS_WITHIN_MS = 15_000;

/** Keeps what is new; what is open already stays as it is. */
export async function openCases(tx: Transaction, { opened, now }: { opened: readonly StuckCase[]; now: Date }): Promise<StuckCaseRow[]> {
  if (opened.length === 0) return [];
  const rows = opened.map(({ subject, workflowId, enrollmentId, kind, step, code, suggestion, since }) => ({
    id: uuidv7(), subject, workflowId, enrollmentId, kind, step, code, suggestion, since: new Date(since), foundAt: now,
  }));
  return statement(tx.insert(stuckCases).values(rows).onConflictDoNothing().returning());
}

export async function closeCases(tx: Transaction, { solved, now }: { solved: readonly string[]; now: Date }): Promise<StuckCaseRow[]> {
  if (solved.length === 0) return [];
  return statement(tx.update(stuckCases).set({ overAt: now }).where(and(inArray(stuckCases.subject, [...solved]), isNull(stuckCases.overAt))).returning());
}

/** Marks open cases as told, and answers those that the watch has to tell of: not what the run has told by itself. */
export async function tellCases(tx: Transaction, { now }: { now: Date }): Promise<string[]> {
  const untold = and(isNull(stuckCases.overAt), isNull(stuckCases.toldAt));
  await statement(tx.update(stuckCases).set({ toldAt: now }).where(and(untold, toldByTheRun())));
  const rows = await statement(tx.update(stuckCases).set({ toldAt: now }).where(and(untold, isTheWatchs(now))).returning({ id: stuckCases.id }));
  return rows.map(({ id }) => id);
}

/** Marks and answers what has lasted for too long since it was found. */
export async function escalateCases(tx: Transaction, { now, escalateAfterMs }: { now: Date; escalateAfterMs: number }): Promise<string[]> {
  const rows = await statement(tx.update(stuckCases).set({ escalatedAt: now }).where(lasting({ now, escalateAfterMs })).returning({ id: stuckCases.id }));
  return rows.map(({ id }) => id);
}

/** Is an open case to be told of by now, or once more? */
export async function isAnythingDue({ db }: NotificationDeps, { now, escalateAfterMs }: { now: Date; escalateAfterMs: number }): Promise<boolean> {
  const due = or(and(isNull(stuckCases.overAt), isNull(stuckCases.toldAt)), lasting({ now, escalateAfterMs }));
  const rows = await read(db, (orm) => orm.select({ id: stuckCases.id }).from(stuckCases).where(due).limit(1));
  return rows.length > 0;
}

/** Oldest first. */
export async function casesById({ db }: NotificationDeps, ids: readonly string[]): Promise<StuckCaseRow[]> {
  return read(db, (orm) => orm.select().from(stuckCases).where(inArray(stuckCases.id, [...ids])).orderBy(asc(stuckCases.id)));
}

const lasting = ({ now, escalateAfterMs }: { now: Date; escalateAfterMs: number }) =>
  and(isNull(stuckCases.overAt), isNull(stuckCases.escalatedAt), isNotNull(stuckCases.toldAt), lt(stuckCases.foundAt, new Date(now.getTime() - escalateAfterMs)));

const isTheWatchs = (now: Date) =>
  or(sql`${stuckCases.kind} not in (${sql.join(TOLD_BY_THE_RUN.map((kind) => sql`${kind}`), sql`, `)})`, lt(stuckCases.foundAt, new Date(now.getTime() - RUN_TELLS_WITHIN_MS)));

/** A mail of the run since the last case of the same subject was over. */
function toldByTheRun() {
  const before = alias(stuckCases, 'before');
  const lastOver = sql`coalesce((select max(${before.overAt}) from ${stuckCases} as ${sql.identifier('before')} where ${before.subject} = ${stuckCases.subject}), '-infinity'::timestamptz)`;
  return exists(
    sql`(select 1 from ${messages} where ${and(eq(messages.kind, 'stuck'), sql`${messages.enrollmentId} = ${stuckCases.enrollmentId}`, gt(messages.createdAt, lastOver))})`,
  );
}
