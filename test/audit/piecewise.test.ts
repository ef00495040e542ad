// Real: PostgreSQL, whose superuser changes the trail behind everybody's back.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CheckedUpTo, sealKeysOf, sealTrail, verifyNext } from '../../db/audit/index.ts';
import { type ServiceDatabase, withTransaction, writeAudit } from '../../db/index.ts';
import { trailCheck } from '../../runtime/audit-seals/check-trail.ts';
import { auditEntries, commandKeys } from '../../services/site/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';
import { TEST_SECRETS } from '../support/secrets.ts';

const keys = sealKeysOf(TEST_SECRETS.auditSealKeys);
let database: TestDatabase;
let db: ServiceDatabase;

const note = (entityId: string) => withTransaction(db, (tx) => writeAudit(tx, { db, ledger: { auditEntries, commandKeys }, verb: 'reserveSlot', ctx: { actor: {}, requestId: 'r' } }, [{ action: 'U', entity: 'slot', entityId }]));
const seal = () => sealTrail(db, { keys, clock: () => new Date() });
const tamper = (text: string) => database.sql.unsafe(`set session_replication_role = replica; ${text}; set session_replication_role = origin`);

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.connect('site');
});
afterAll(() => database.drop());

// Three seals, over two entries each, and one entry that none is about.
beforeEach(async () => {
  await tamper('truncate site.audit_entries, site.audit_seals');
  for (const record of ['a', 'b', 'c']) {
    await note(record);
    await note(record);
    await seal();
  }
  await note('d');
});

describe('a trail that is checked piece by piece', () => {
  it('is looked at whole, one piece after the other, over and over', async () => {
    let at: CheckedUpTo = { newest: 0 };
    const looked: [number, boolean][] = [];
    for (let piece = 0; piece < 6; piece += 1) {
      const { entries, count, next, round } = await verifyNext({ db, keys }, at, { entries: 1000, seals: 1 });
      expect(count).toBe(0);
      looked.push([entries, round]);
      at = next;
    }
    expect(looked).toEqual([[2, false], [2, false], [2, true], [2, false], [2, false], [2, true]]);
  });

  it('ends a piece once it has the entries of one, whatever seals there are', async () => {
    expect(await verifyNext({ db, keys }, { newest: 0 }, { entries: 3, seals: 100 })).toMatchObject({ entries: 4, round: false });
    expect(await verifyNext({ db, keys }, { newest: 0 })).toMatchObject({ entries: 6, round: true, next: { newest: 3 } });
  });

  it.each([
    ['an entry that was altered', "update site.audit_entries set verb = 'other' where entity_id = 'b' and position = 1", 'entry_altered'],
    ['an entry that was removed', "delete from site.audit_entries where entity_id = 'b' and position = 1", 'entry_removed'],
    ['a seal that was altered', 'update site.audit_seals set at = at + interval \'1 day\' where number = 2', 'seal_altered'],
    ['a seal that was removed', 'delete from site.audit_seals where number = 2', 'seal_removed'],
  ])('finds %s', async (_what, text, kind) => {
    await tamper(text);
    const { findings } = await verifyNext({ db, keys }, { newest: 0 });
    expect(findings.map((finding) => finding.kind)).toContain(kind);
  });

  it('finds that the newest seal has gone with all that it was about', async () => {
    const { next } = await verifyNext({ db, keys }, { newest: 0 });
    await tamper("delete from site.audit_seals where number = 3; delete from site.audit_entries where entity_id in ('c', 'd')");
    expect(await verifyNext({ db, keys }, next)).toMatchObject({ findings: [{ kind: 'seal_removed', seal: 3 }] });
  });

  it('is said to be broken until a whole round has found nothing', async () => {
    const check = trailCheck({ db, keys, log: testLog });
    expect((await check()).findings).toBe(0);
    await tamper("update site.audit_entries set verb = 'other' where entity_id = 'b' and position = 1");
    expect((await check()).findings).toBe(1);
    await tamper("update site.audit_entries set verb = 'reserveSlot' where entity_id = 'b' and position = 1");
    expect((await check()).findings).toBe(1);
    expect((await check()).findings).toBe(0);
  });
});
