import { eq, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { type DataKey, statement, type Transaction } from '../../../db/index.ts';
import type { Actor } from '../../common/index.ts';
import { alreadyEnrolled, identityMismatch, requestKeyTaken } from '../errors.ts';
import { milestoneCells } from '../sealed-rows.ts';
import { enrollments, milestones } from './tables.ts';
import type { EnrollmentRow } from './to-record.ts';
import type { EnrollmentIdentity, Revised } from '../types.ts';
import { statusOf, type Stage } from '../vocabulary.ts';
import { written } from '../written.ts';

type Columns = Partial<Omit<EnrollmentRow, 'id' | 'revision' | 'createdAt' | 'updatedAt'>>;
const COMPARED = ['studyId', 'siteId', 'patientId', 'protocolVersionId', 'requestKey'] as const;

/**
 * Locks what there is (or will be) of this person in this study until the transaction ends, and returns the
 * enrollment's record when it is written already. Throws `enrollment_mismatch`.
 */
export async function lockRecord(tx: Transaction, identity: EnrollmentIdentity): Promise<EnrollmentRow | undefined> {
  await lockPerson(tx, identity);
  return readRecord(tx, identity);
}

/** A lock on a row would not do: two enrollments of one person are two rows, and the first write has none yet. */
export async function lockPerson(tx: Transaction, { studyId, patientId }: EnrollmentIdentity): Promise<void> {
  await statement(tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`enrollment/${studyId}/${patientId}`}, 0))`));
}

/** The record of this enrollment, when it is written already. Throws `enrollment_mismatch`. */
export async function readRecord(tx: Transaction, identity: EnrollmentIdentity): Promise<EnrollmentRow | undefined> {
  const [row] = await statement(tx.select().from(enrollments).where(eq(enrollments.id, identity.enrollmentId)));
  if (row && COMPARED.some((name) => row[name] !== identity[name])) throw identityMismatch();
  return row;
}

export type RecordWrite = Revised & {
  /** What `lockRecord` gave. */
  current: EnrollmentRow | undefined;
  /** What is true whatever has overtaken this step: subject number, consent, outcome. */
  facts?: Columns;
  /** Where the enrollment stands: kept only when the revision is higher than the stored one. */
  position: Columns & { stage: Stage };
  now: Date;
};

/**
 * Writes the record, be it there already or not; the position never goes back to an older revision.
 * The status follows stage and outcome unless `facts` say it. Returns whether the position moved.
 */
export async function writeRecord(tx: Transaction, { identity, revision, current, facts, position, now }: RecordWrite): Promise<boolean> {
  const open = (facts?.outcome ?? current?.outcome ?? 'open') === 'open';
  const moved: Columns = open ? { ...position, status: statusOf({ stage: position.stage, outcome: null }) } : position;
  const refusals = { enrollments_one_open: alreadyEnrolled, enrollments_request_key: requestKeyTaken };
  if (!current) {
    const { enrollmentId: id, ...about } = identity;
    const status = statusOf({ stage: position.stage, outcome: null });
    const row = { ...about, id, status, ...moved, stage: position.stage, ...facts, revision, createdAt: now, updatedAt: now };
    await written(tx.insert(enrollments).values(row), refusals);
    return true;
  }
  const moves = revision > current.revision;
  await written(
    tx
      .update(enrollments)
      .set({ ...(moves ? { ...moved, revision } : {}), ...facts, updatedAt: now })
      .where(eq(enrollments.id, current.id)),
    refusals,
  );
  return moves;
}

export type Milestone = {
  enrollmentId: string; at: Date; event: string; stage: Stage; actor: Actor; details?: Record<string, unknown>;
  /** Of the enrollment: needed where the details have words. */
  key?: DataKey | undefined;
};

/** Details that are in somebody's own words wherever they occur. */
const WORDS: readonly string[] = ['reason', 'meaning'];

/** Adds what happened to the enrollment's timeline, in the transaction of the change. Its words are sealed, the rest is codes and ids. */
export async function writeMilestone(tx: Transaction, { details = {}, key, ...milestone }: Milestone): Promise<void> {
  const id = uuidv7();
  const isWords = ([name, value]: [string, unknown]) => WORDS.includes(name) && typeof value === 'string';
  const said = Object.entries(details).filter(isWords);
  const plain = Object.fromEntries(Object.entries(details).filter((one) => !isWords(one)));
  const words = milestoneCells(key, id).seal('words', said.length > 0 ? JSON.stringify(Object.fromEntries(said)) : null);
  await statement(tx.insert(milestones).values({ id, details: plain, words, ...milestone }));
}
