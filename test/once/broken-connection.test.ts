// Real: PostgreSQL, which ends connections in the middle of transactions, and the pool that opens them anew for others.
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ServiceDatabase, statement, type Transaction, withTransaction } from '../../db/index.ts';
import { sites } from '../../services/site/tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
/** Of one connection: whoever comes next gets the one that was broken. */
let db: ServiceDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.connect('site', { poolSize: 1 });
});
beforeEach(() => database.sql`delete from site.sites`);
afterAll(() => database.drop());

const write = (tx: Transaction, code: string) => statement(tx.insert(sites).values({ id: uuidv7(), code, name: 'Hospital', timezone: 'UTC', createdAt: new Date() }));
const written = async () => (await database.sql`select code from site.sites order by code`).map(({ code }) => code as string);
const sessions = () => database.sql<{ state: string }[]>`select state from pg_stat_activity where datname = current_database() and application_name = 'trial-enrollment/site'`;
const endSessions = () => database.sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'trial-enrollment/site'`;

/** A transaction that has written this, and waits to be told how it goes on. */
async function begun(code: string) {
  const [reached, told] = [Promise.withResolvers<void>(), Promise.withResolvers<(tx: Transaction) => Promise<unknown>>()];
  const ended = withTransaction(db, async (tx) => {
    await write(tx, code);
    reached.resolve();
    return (await told.promise)(tx);
  });
  ended.catch(() => undefined);
  await Promise.race([reached.promise, ended]);
  return { ended, goOn: told.resolve };
}

const WAYS: Record<string, (tx: Transaction) => Promise<unknown>> = {
  'goes on writing': (tx) => write(tx, 'late'),
  'writes much at once': (tx) => Promise.all(Array.from({ length: 5 }, (_, n) => write(tx, `late-${n}`))),
  'comes to its end': () => Promise.resolve(),
  'comes to nothing': () => Promise.reject(new Error('what was awaited is not there')),
};

describe('a transaction whose connection was broken', () => {
  it.for(Object.entries(WAYS))('has no effect, and none on the one that has the connection now, when its work %s', async ([, way]) => {
    const broken = await begun('lost');
    await endSessions();
    await expect(broken.ended).rejects.toMatchObject({ name: 'DatabaseError', retryable: true });

    const next = await begun('next');
    broken.goOn(way);
    await delay(100);
    // Nobody else's COMMIT or ROLLBACK has ended it.
    expect(await written()).toEqual([]);
    expect(await sessions()).toEqual([{ state: 'idle in transaction' }]);
    next.goOn((tx) => write(tx, 'next-too'));
    await next.ended;
    expect(await written()).toEqual(['next', 'next-too']);
  });
});

describe('statements of a transaction that wait for one before them', () => {
  it('end with their connection, as that one does', async () => {
    const [sent, inner] = [Promise.withResolvers<void>(), Promise.withResolvers<PromiseSettledResult<unknown>[]>()];
    const ended = withTransaction(db, async (tx) => {
      // With a parameter, and for the first time: the driver sends nothing behind it before it is described.
      const first = statement(tx.execute(sql`select pg_sleep(${2}::float)`));
      inner.resolve(Promise.allSettled([first, write(tx, 'behind-1'), write(tx, 'behind-2')]));
      sent.resolve();
      await inner.promise;
    });
    ended.catch(() => undefined);
    await sent.promise;
    await delay(200);
    await endSessions();
    await expect(ended).rejects.toMatchObject({ name: 'DatabaseError', retryable: true });
    const outcomes = await Promise.race([inner.promise, delay(5000)]);
    expect(outcomes?.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await db.orm.execute(sql`select 1 as one`)).toMatchObject([{ one: 1 }]);
    expect(await written()).toEqual([]);
  });
});

describe('a transaction that begins behind many statements', () => {
  // The driver sends a hundred behind one another on a connection before it takes no more.
  it.for([97, 98, 99, 100, 101, 102, 103])('has the connection for itself: %i', async (many) => {
    const reads = Array.from({ length: many }, () => db.orm.execute(sql`select 1`).then((rows) => rows.length));
    const [ended, after] = [withTransaction(db, (tx) => write(tx, 'behind')), db.orm.execute(sql`select 1`).then((rows) => rows.length)];
    await ended;
    expect(new Set(await Promise.all([...reads, after]))).toEqual(new Set([1]));
    expect(await written()).toEqual(['behind']);
    expect(await sessions()).toEqual([{ state: 'idle' }]);
  });
});
