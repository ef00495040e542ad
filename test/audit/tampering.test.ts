// Real: PostgreSQL, whose superuser changes the trail behind everybody's back.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Finding, sealKeysOf, sealTrail, type Verdict, verifyTrail } from '../../db/audit/index.ts';
import { type ServiceDatabase, writeAudit, withTransaction } from '../../db/index.ts';
import { auditEntries, commandKeys } from '../../services/site/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { TEST_SECRETS } from '../support/secrets.ts';

const keys = sealKeysOf(TEST_SECRETS.auditSealKeys);
let database: TestDatabase;
let db: ServiceDatabase;
let written: { number: number; hash: Buffer }[];

const note = (entityId: string, count = 1) => withTransaction(db, (tx) => writeAudit(
  tx,
  { db, ledger: { auditEntries, commandKeys }, verb: 'reserveSlot', ctx: { actor: { kind: 'user', id: 'crc-1', name: 'Chen Jing', role: 'coordinator' }, requestId: 'r' } },
  Array.from({ length: count }, (_, n) => ({ action: 'U' as const, entity: 'slot', entityId, after: { n } })),
));
const seal = () => sealTrail(db, { keys, clock: () => new Date(), onSeal: async ({ number }, hash) => void written.push({ number, hash }) });
const verify = (witnessed = written): Promise<Verdict> => verifyTrail({ db, keys, witnessed: new Map(witnessed.map(({ number, hash }) => [number, hash])) });
const kinds = ({ findings }: Verdict) => findings.map(({ kind }) => kind);

/** As the superuser, with the triggers off: what nobody can prevent must be found. */
const tamper = (text: string) => database.sql.begin(async (tx) => {
  await tx.unsafe('set local session_replication_role = replica');
  const { count } = await tx.unsafe(text);
  expect(count, text).toBeGreaterThan(0);
});

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.connect('site');
});
afterAll(() => database.drop());

beforeEach(async () => {
  written = [];
  await tamperAway();
  await note('a', 3);
  await note('b', 2);
  await seal();
  await note('a');
  await note('c', 2);
  await seal();
  await note('a');
  await note('d', 2);
  await note('e');
});

const tamperAway = () => database.sql.unsafe('set session_replication_role = replica; truncate site.audit_entries, site.audit_seals; set session_replication_role = origin');

describe('the trail as it was written', () => {
  it('verifies: what is sealed, and what no seal is about yet', async () => {
    expect(await verify()).toEqual({ sealed: 8, unsealed: 4, seals: 2, findings: [], count: 0 });
  });

  it('is one chain for each record, in the order of writing', async () => {
    const rows = await database.sql`select position, previous, hash from site.audit_entries where entity_id = 'a' order by number`;
    expect(rows.map(({ position }) => position as number)).toEqual([1, 2, 3, 4, 5]);
    for (const [n, row] of rows.entries()) expect(row['previous']).toEqual(n === 0 ? Buffer.alloc(0) : rows[n - 1]!['hash']);
  });

  it('is one chain when many write about the same record at once, and whoever fails leaves no gap in it', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => withTransaction(db, async (tx) => {
      await writeAudit(tx, { db, ledger: { auditEntries, commandKeys }, verb: 'v', ctx: { actor: {}, requestId: 'r' } }, [{ action: 'U', entity: 'slot', entityId: n % 4 === 0 ? 'x' : 'y' }]);
      if (n % 3 === 0) throw new Error('rolled back');
    })));
    expect(attempts.filter(({ status }) => status === 'rejected')).toHaveLength(14);
    await seal();
    expect(await verify()).toMatchObject({ count: 0, sealed: 38, unsealed: 0 });
  });

  it('is sealed without a gap while others write', async () => {
    const stop = new AbortController();
    const writing = Array.from({ length: 4 }, async () => {
      for (let n = 0; !stop.signal.aborted && n < 500; n += 1) await note(randomUUID(), 2);
    });
    const sealed: number[] = [];
    for (let round = 0; round < 10; round += 1) sealed.push(await seal());
    stop.abort();
    await Promise.all(writing);
    await seal();
    expect(sealed.filter((count) => count > 0).length).toBeGreaterThan(3);
    const [row] = await database.sql`select count(*)::int as count from site.audit_entries`;
    expect(await verify()).toMatchObject({ count: 0, sealed: row!['count'], unsealed: 0 });
  });

  it('is not sealed past an entry that nobody has committed yet: it would look inserted later', async () => {
    const [inserted, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = withTransaction(db, async (tx) => {
      await writeAudit(tx, { db, ledger: { auditEntries, commandKeys }, verb: 'v', ctx: { actor: {}, requestId: 'r' } }, [{ action: 'U', entity: 'slot', entityId: 'slow' }]);
      inserted.resolve();
      await commit.promise;
    });
    await inserted.promise;
    await note('quick');
    await expect(seal()).rejects.toMatchObject({ retryable: true });
    commit.resolve();
    await slow;
    await seal();
    expect(await verify()).toMatchObject({ count: 0, sealed: 14, unsealed: 0 });
  });

  it('is sealed by two at once as by one', async () => {
    await Promise.all([seal(), seal(), seal()]);
    expect(await verify()).toMatchObject({ count: 0, sealed: 12, unsealed: 0 });
    expect(await seal()).toBe(0);
  });
});

const ONE = (entityId: string, position: number) => `entity_id = '${entityId}' and position = ${position}`;
/** As somebody would who knows how the hashes are made, and makes the chain of that record anew. */
const REHASH = `do $$ declare e site.audit_entries; before bytea := ''::bytea; begin
  for e in select * from site.audit_entries where entity_id = 'a' order by position loop
    e.previous := before; before := site.audit_hash(e);
    update site.audit_entries set previous = e.previous, hash = before where id = e.id;
  end loop; end $$`;
const COLUMNS: [string, string][] = [
  ['action', "'D'"], ['verb', "'other'"], ['actor', `'{"id":"other"}'`], ['details', "'\\x00'"], ['owner', "'other'"], ['request_id', "'other'"],
  ['command_key', "'other'"], ['trace_id', "'other'"], ['at', "at - interval '1 microsecond'"], ['id', 'gen_random_uuid()'],
];

describe.each([['sealed', 'a', 2], ['not sealed yet', 'd', 1]] as const)('of an entry that is %s', (_, entityId, position) => {
  it.each(COLUMNS)('a changed %s is found', async (column, value) => {
    await tamper(`update site.audit_entries set ${column} = ${value} where ${ONE(entityId, position)}`);
    const { findings } = await verify();
    expect(findings).toMatchObject([{ kind: 'entry_altered', entry: { entityId, position } }]);
  });

  it('its removal is found', async () => {
    const [row] = await database.sql.unsafe(`select number::int from site.audit_entries where ${ONE(entityId, position)}`);
    await tamper(`delete from site.audit_entries where ${ONE(entityId, position)}`);
    const { findings } = await verify();
    const removed: Finding['entry'][] = findings.filter(({ kind }) => kind === 'entry_removed').map(({ entry }) => entry);
    expect(removed).toContainEqual({ entity: 'slot', entityId, position });
    if (entityId === 'a') expect(removed).toContainEqual({ number: row!['number'] });
  });

  it('a changed one with its hash made anew is found', async () => {
    await database.sql.unsafe(`set session_replication_role = replica; do $$ declare e site.audit_entries; begin
      select * into strict e from site.audit_entries where ${ONE(entityId, position)}; e.verb := 'other';
      update site.audit_entries set verb = 'other', hash = site.audit_hash(e) where id = e.id;
    end $$; set session_replication_role = origin`);
    const { findings } = await verify();
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'link_broken', entry: expect.objectContaining({ entityId, position: position + 1 }) }));
    if (entityId === 'a') expect(findings).toContainEqual(expect.objectContaining({ kind: 'entry_altered', entry: expect.objectContaining({ entityId, position }) }));
  });
});

describe('whoever has the whole database can’t', () => {
  it('exchange two entries', async () => {
    await tamper(`update site.audit_entries set number = -number where ${ONE('a', 1)} or ${ONE('b', 2)}`);
    await tamper(`update site.audit_entries e set number = (select -o.number from site.audit_entries o where o.number < 0 and o.id <> e.id) where number < 0`);
    const { findings } = await verify();
    expect(findings).toMatchObject([{ kind: 'entry_moved', entry: { entityId: 'b', position: 2 } }, { kind: 'entry_moved', entry: { entityId: 'a', position: 1 } }]);
  });

  it('insert an entry', async () => {
    await tamper(`insert into site.audit_entries (id, at, action, verb, entity, entity_id, actor, details, owner, request_id, number, position, previous, hash)
      select gen_random_uuid(), at, action, verb, entity, 'new', actor, details, owner, request_id, 0, 1, ''::bytea, hash from site.audit_entries where ${ONE('a', 1)}`);
    expect(kinds(await verify())).toContain('entry_inserted');
  });

  it('make a record’s chain anew', async () => {
    await tamper(`update site.audit_entries set verb = 'other' where ${ONE('a', 2)}`);
    await database.sql.unsafe(`set session_replication_role = replica; ${REHASH}; set session_replication_role = origin`);
    const { findings } = await verify();
    expect(findings.filter(({ kind }) => kind === 'entry_altered').map(({ entry }) => entry?.position)).toEqual([2, 3, 4]);
  });

  it('take away the end of a record’s chain once it is sealed', async () => {
    await tamper(`delete from site.audit_entries where ${ONE('c', 2)}`);
    expect((await verify()).findings).toMatchObject([{ kind: 'entry_removed', seal: 2 }]);
  });

  it.each([['root', "'\\x00'"], ['entries', "entries || '\\x00'"], ['signature', "decode(repeat('00', 64), 'hex')"], ['at', 'now()'], ['after', '1'], ['up_to', 'up_to + 100'], ['previous', "'\\x00'"]])('change the %s of a seal', async (column, value) => {
    await tamper(`update site.audit_seals set ${column} = ${value} where number = 2`);
    expect(await verify([])).toMatchObject({ findings: expect.arrayContaining([expect.objectContaining({ kind: 'seal_altered', seal: 2 })]) });
  });

  it('take away a seal, or the last ones together with what they are about', async () => {
    await tamper('delete from site.audit_seals where number = 1');
    expect(kinds(await verify())).toContain('seal_removed');
    await tamper('delete from site.audit_seals');
    await tamper("delete from site.audit_entries where entity_id <> 'b'");
    expect((await verify()).findings).toMatchObject([{ kind: 'seal_removed', seal: 1 }, { kind: 'seal_removed', seal: 2 }]);
  });

  it('sign seals with a key of their own', async () => {
    await tamper("update site.audit_seals set key_id = 'mine' where number = 1");
    expect(kinds(await verify())).toContain('seal_key_unknown');
  });
});
