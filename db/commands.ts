import { eq, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import type { ServiceDatabase } from './connect.ts';
import { contentHash } from './content-hash.ts';
import { type DataKey, SERVICE_OWNER } from './encryption/vault.ts';
import type { CommandState, Ledger } from './ledger.ts';
import { statement, type Transaction, withTransaction } from './transaction.ts';

/** What the audit trail tells of one change. `before` and `after` are the changed fields. */
export type AuditEntry = {
  action: 'C' | 'R' | 'U' | 'D' | 'E';
  entity: string;
  entityId: string;
  before?: unknown;
  after?: unknown;
  /** Whose data key seals `before` and `after`: a participant's id, or the service's own when absent. */
  owner?: string;
};

/** Who acted, why, and by which request: travels with every command into the audit row. */
export type CommandContext = { actor: unknown; requestId: string; reason?: string | undefined; origin?: Origin | undefined };

/** From where a person acts, as the edge saw it, and in which trace (W3C Trace Context). */
export type Origin = { address?: string; traceId?: string };

export type Command = {
  db: ServiceDatabase;
  ledger: Ledger;
  verb: string;
  /** Unique for one intended effect; a repetition carries the same key. */
  key: string;
  /** What is asked for. The same key with other content is refused. */
  content: unknown;
  ctx: CommandContext;
};

/** A key that may not be used (any more): never retryable. */
export class CommandKeyError extends Error {
  override readonly name = 'CommandKeyError';
  readonly code: 'key_reused' | 'command_cancelled';
  readonly publicText: string;
  readonly retryable = false;

  constructor(code: 'key_reused' | 'command_cancelled') {
    super(code);
    this.code = code;
    this.publicText =
      code === 'key_reused'
        ? 'This idempotency key was used for other content; use a new key.'
        : 'This command was cancelled before it took effect.';
  }
}

type Note = (entry: AuditEntry) => void;

/**
 * Carries out a command once and only once: the key, a keyed hash of the content, the result and the
 * audit rows are written in the transaction of the effect. A repetition gets the stored result; two at
 * once wait for each other on the key. Throws CommandKeyError on other content or a cancelled key.
 */
export async function runCommand<R>(command: Command, effect: (tx: Transaction, audit: Note) => Promise<R>): Promise<R> {
  const { db, ledger, verb, key, content } = command;
  const hash = contentHash(db.hashKey, content);
  return withTransaction(db, async (tx, withCommit) => {
    const known = await claimKey(tx, ledger, { key, verb, contentHash: hash, state: 'done' });
    if (known) return storedResult<R>(known, { verb, hash });
    const entries: AuditEntry[] = [];
    const result = await effect(tx, (entry) => entries.push(entry));
    const keys = await auditKeys(tx, db, entries);
    withCommit(insertAudit(tx, { ...command, keys }, entries));
    const { commandKeys } = ledger;
    withCommit(statement(tx.execute(sql`update ${commandKeys} set result = ${JSON.stringify(result ?? null)} where key = ${key}`)));
    return result;
  });
}

/** The result of a command that was carried out, undefined when it was not. Throws CommandKeyError on other content or a cancelled key. */
export async function resultOf<R>(orm: ServiceDatabase['orm'], { db, ledger: { commandKeys }, verb, key, content }: Omit<Command, 'ctx'>): Promise<R | undefined> {
  const [known] = await orm.select().from(commandKeys).where(eq(commandKeys.key, key));
  return known && storedResult<R>(known, { verb, hash: contentHash(db.hashKey, content) });
}

function storedResult<R>(known: { state: string; contentHash: string; verb: string; result: unknown }, asked: { verb: string; hash: string }): R {
  if (known.state !== 'done') throw new CommandKeyError('command_cancelled');
  if (known.contentHash !== asked.hash || known.verb !== asked.verb) throw new CommandKeyError('key_reused');
  return known.result as R;
}

/**
 * Uses `token` up for the command with this key: true the first time and whenever that same command is repeated, false
 * for any other command. In the transaction of the effect.
 */
export async function useUp(tx: Transaction, { commandKeys }: Ledger, { token, by }: { token: string; by: string }): Promise<boolean> {
  const key = `used/${token}`;
  const known = await claimKey(tx, { commandKeys } as Ledger, { key, verb: 'useUp', contentHash: by, state: 'done' });
  return known === undefined || known.contentHash === by;
}

/** What became of a command by the time its key was locked. */
export type Settled<R> = { tookEffect: true; result: R } | { tookEffect: false };

/**
 * Undoes the step with this key, or makes sure that it never takes effect: an attempt that arrives
 * later is refused with `command_cancelled`. Repeating it changes nothing.
 */
export async function undoCommand<R>(
  command: Omit<Command, 'content'>,
  undo: (tx: Transaction, result: R, audit: Note) => Promise<void>,
): Promise<Settled<R>> {
  return settle<R>(command, async (tx, result, audit) => {
    await undo(tx, result, audit);
    return 'undone';
  });
}

/**
 * Says on which side of a step a lost answer left us: the result when it took effect, otherwise the key
 * is dead from now on (an attempt that arrives later is refused). Repeating it gives the same answer.
 */
export async function settleCommand<R>(command: Omit<Command, 'content'>): Promise<Settled<R>> {
  return settle<R>(command, async () => 'done');
}

async function settle<R>(
  command: Omit<Command, 'content'>,
  onDone: (tx: Transaction, result: R, audit: Note) => Promise<CommandState>,
): Promise<Settled<R>> {
  const { db, ledger, verb, key } = command;
  return withTransaction(db, async (tx, withCommit) => {
    const known = await claimKey(tx, ledger, { key, verb, contentHash: '', state: 'cancelled' });
    if (!known || known.state === 'cancelled') return { tookEffect: false };
    const result = known.result as R;
    if (known.state === 'undone') return { tookEffect: true, result };
    const entries: AuditEntry[] = [];
    const state = await onDone(tx, result, (entry) => entries.push(entry));
    const keys = await auditKeys(tx, db, entries);
    withCommit(insertAudit(tx, { ...command, keys }, entries));
    if (state !== known.state) withCommit(statement(tx.update(ledger.commandKeys).set({ state }).where(eq(ledger.commandKeys.key, key))));
    return { tookEffect: true, result };
  });
}

/** Inserts the key, or locks and returns the row that has it. */
async function claimKey(
  tx: Transaction,
  { commandKeys }: Ledger,
  row: { key: string; verb: string; contentHash: string; state: CommandState },
) {
  const inserted = await statement(tx.execute(sql`
    insert into ${commandKeys} (key, verb, content_hash, state) values (${row.key}, ${row.verb}, ${row.contentHash}, ${row.state})
    on conflict do nothing returning 1`));
  if (inserted.length > 0) return undefined;
  const [known] = await statement(tx.select().from(commandKeys).where(eq(commandKeys.key, row.key)).for('update'));
  return known;
}

type Writing = { ledger: Ledger; verb: string; ctx: CommandContext; key?: string };

/** Writes audit rows in the caller's transaction: when they can't be written, the change isn't either. */
export async function writeAudit(tx: Pick<Transaction, 'execute'>, command: Writing & { db: ServiceDatabase }, entries: AuditEntry[]): Promise<void> {
  await insertAudit(tx, { ...command, keys: await auditKeys(tx, command.db, entries) }, entries);
}

type AuditKeys = ReadonlyMap<string, DataKey>;

/**
 * The data keys of those whom the entries are about. Of an erased participant there is none any more: what is noted of
 * them from then on (that nothing is left to see) is the service's own.
 */
async function auditKeys(tx: Pick<Transaction, 'execute'>, { vault }: ServiceDatabase, entries: readonly AuditEntry[]): Promise<AuditKeys> {
  const owners = [...new Set(entries.map(ownerOf))];
  const known = await vault.keysOf(tx, owners);
  const keys = new Map<string, DataKey>();
  for (const owner of owners) keys.set(owner, known.get(owner) ?? (await vault.keyFor(tx, known.get(owner) === null ? SERVICE_OWNER : owner)));
  return keys;
}

const streamOf = ({ entity, entityId }: AuditEntry) => `${entity}/${entityId}`;
const byStream = (a: AuditEntry, b: AuditEntry) => Number(streamOf(a) > streamOf(b)) - Number(streamOf(a) < streamOf(b));
const ownerOf = ({ owner = SERVICE_OWNER }: AuditEntry) => owner;

/** Sent as it is called, so that it may go out together with COMMIT. */
function insertAudit(tx: Pick<Transaction, 'execute'>, { ledger, verb, ctx, key, keys }: Writing & { keys: AuditKeys }, entries: readonly AuditEntry[]): Promise<unknown> {
  if (entries.length === 0) return Promise.resolve();
  const { requestId, reason = null, origin: { address, traceId } = {} } = ctx;
  const { actor, names } = withoutNames(ctx.actor);
  // By record, as their streams are locked one after the other: two transactions never wait for each other.
  const rows = entries.toSorted(byStream).map((entry) => {
    const { action, entity, entityId, before, after } = entry;
    const id = uuidv7();
    const dataKey = keys.get(ownerOf(entry))!;
    const details = dataKey.seal({ table: 'audit_entries', row: id, column: 'details' }, JSON.stringify({ before, after, reason, names, address })).toString('base64');
    return { id, action, verb, entity, entityId, actor, details, owner: dataKey.owner, request_id: requestId, command_key: key, trace_id: traceId };
  });
  // One text and one parameter however many rows: these statements are written with every command.
  return statement(tx.execute(sql`
    insert into ${ledger.auditEntries} (id, action, verb, entity, entity_id, actor, details, owner, request_id, command_key, trace_id)
    select id, action, verb, entity, "entityId", actor, decode(details, 'base64'), owner, request_id, command_key, trace_id
    from jsonb_to_recordset(${JSON.stringify(rows)}) as row (id uuid, action text, verb text, entity text,
      "entityId" text, actor jsonb, details text, owner text, request_id text, command_key text, trace_id text)`));
}

/** Ids and roles stay readable, printed names are sealed. */
function withoutNames(actor: unknown): { actor: unknown; names: Record<string, string> } {
  const names: Record<string, string> = {};
  const bare = JSON.parse(JSON.stringify(actor), function (this: Record<string, unknown>, member: string, value: unknown) {
    if (member !== 'name' || typeof value !== 'string') return value;
    names[String(this['id'])] = value;
    return undefined;
  }) as unknown;
  return { actor: bare, names };
}
