import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SiteService } from '../../../services/site/index.ts';
import type { TestDatabase } from '../../support/database.ts';
import { activate, activeSite, CURRENT, ctx, refusal, reserve, siteUnderTest } from './support.ts';

// Real: PostgreSQL, the Site service. Stand-in: Study (protocol versions 1.0 and 2.0, consent version 3.1).
let database: TestDatabase;
let service: SiteService;
let asked: Awaited<ReturnType<typeof siteUnderTest>>['asked'];

beforeAll(async () => {
  ({ database, service, asked } = await siteUnderTest());
});
afterAll(() => database.drop());

// After every test: what the counters say is what the rows say, never above the cap.
afterEach(async () => {
  const wrong = await database.sql`
    select a.id from site.activations a left join site.slots s on s.activation_id = a.id
    group by a.id
    having a.reserved <> count(*) filter (where s.status = 'reserved')
      or a.confirmed <> count(*) filter (where s.status = 'confirmed')
      or a.taken <> a.reserved + a.confirmed or a.taken > a.cap`;
  expect(wrong).toEqual([]);
});

const counts = async (at: { studyId: string; siteId: string }) => {
  const activation = await service.getActivation({ ctx, input: at });
  return { reserved: activation?.reserved, confirmed: activation?.confirmed };
};

const times = <T>(n: number, one: (index: number) => Promise<T>) => Promise.all(Array.from({ length: n }, (_, i) => one(i)));

const release = (held: { stepKey: string; enrollmentId: string }) =>
  service.releaseSlot({ ctx, key: `${held.stepKey}/undo`, input: { stepKey: held.stepKey, enrollmentId: held.enrollmentId } });

const confirm = ({ enrollmentId, slotId }: { enrollmentId: string; slotId: string }) =>
  service.confirmSlot({ ctx, key: `${enrollmentId}/confirmSlot/1`, input: { enrollmentId, slotId } });

const settle = ({ enrollmentId }: { enrollmentId: string }) =>
  service.settleSlotConfirmation({
    ctx,
    key: `${enrollmentId}/settle`,
    input: { stepKey: `${enrollmentId}/confirmSlot/1` },
  });

describe('reserving', () => {
  test('60 at once on a cap of 10 take exactly 10 places', async () => {
    const at = await activeSite(service, 10);
    const results = await times(60, () => {
      const enrollmentId = uuidv7();
      return service.reserveSlot({ ctx, key: `${enrollmentId}/reserveSlot/1`, input: { enrollmentId, ...at } });
    });
    const taken = results.flatMap((result) => (result.reserved ? [result.taken] : []));
    expect(taken.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const refused = results.filter((result) => !result.reserved);
    expect(refused).toEqual(Array.from({ length: 50 }, () => ({ reserved: false, reason: 'cap_reached' })));
    expect(await counts(at)).toEqual({ reserved: 10, confirmed: 0 });
  });

  test('the same reservation 20 times at once takes one place and gets one answer', async () => {
    const at = await activeSite(service, 10);
    const enrollmentId = uuidv7();
    const input = { enrollmentId, ...at };
    const results = await times(20, () => service.reserveSlot({ ctx, key: `${enrollmentId}/reserveSlot/1`, input }));
    for (const result of results) expect(result).toEqual(results[0]);
    expect(await counts(at)).toEqual({ reserved: 1, confirmed: 0 });
  });

  test('an enrollment never holds two live places, whatever the key and the site', async () => {
    const [here, there] = await times(2, () => activeSite(service, 10));
    const { enrollmentId } = await reserve(service, here!);
    for (const at of [here!, there!]) {
      const call = service.reserveSlot({ ctx, key: uuidv7(), input: { enrollmentId, ...at } });
      expect(await refusal(call)).toBe('slot_already_held');
    }
    expect(await counts(there!)).toEqual({ reserved: 0, confirmed: 0 });
  });

  test('a site that takes no part in the study has no places', async () => {
    const { siteId } = await activeSite(service, 1);
    const input = { enrollmentId: uuidv7(), studyId: uuidv7(), siteId };
    expect(await service.reserveSlot({ ctx, key: uuidv7(), input })).toEqual({
      reserved: false,
      reason: 'site_not_active',
    });
  });

  test('a refusal is kept under its key; a new key gets the place that became free', async () => {
    const at = await activeSite(service, 1);
    const first = await reserve(service, at);
    const input = { enrollmentId: uuidv7(), ...at };
    const round = (n: number) => service.reserveSlot({ ctx, key: `${input.enrollmentId}/reserveSlot/${n}`, input });
    expect(await round(1)).toEqual({ reserved: false, reason: 'cap_reached' });
    await release(first);
    expect(await round(1)).toEqual({ reserved: false, reason: 'cap_reached' });
    expect(await round(2)).toMatchObject({ reserved: true, taken: 1, cap: 1 });
  });
});

describe('releasing', () => {
  test('gives the place back exactly once, 20 times at once and again', async () => {
    const at = await activeSite(service, 3);
    const [held] = await times(2, () => reserve(service, at));
    const answers = await times(20, () => release(held!));
    answers.push(await release(held!));
    expect(answers.every(({ released }) => released)).toBe(true);
    expect(await counts(at)).toEqual({ reserved: 1, confirmed: 0 });
    const audit = await database.sql`select action from site.audit_entries where entity_id = ${held!.slotId} and verb = 'releaseSlot'`;
    expect(audit).toHaveLength(1);
  });

  test('a reservation that arrives after its release is refused and takes no place', async () => {
    const at = await activeSite(service, 1);
    const enrollmentId = uuidv7();
    const stepKey = `${enrollmentId}/reserveSlot/1`;
    expect(await release({ stepKey, enrollmentId })).toEqual({ released: false });
    const late = service.reserveSlot({ ctx, key: stepKey, input: { enrollmentId, ...at } });
    expect(await refusal(late)).toBe('command_cancelled');
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 0 });
    expect(await release({ stepKey, enrollmentId })).toEqual({ released: false });
  });

  test('a reservation and its release at once never leave a place taken', async () => {
    const at = await activeSite(service, 30);
    await times(30, async () => {
      const enrollmentId = uuidv7();
      const stepKey = `${enrollmentId}/reserveSlot/1`;
      const [reserved] = await Promise.allSettled([
        service.reserveSlot({ ctx, key: stepKey, input: { enrollmentId, ...at } }),
        release({ stepKey, enrollmentId }),
      ]);
      if (reserved.status === 'rejected') expect(reserved.reason).toMatchObject({ code: 'command_cancelled' });
    });
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 0 });
  });

  test('a released place is free for the same enrollment under a new key, also while it is being released', async () => {
    const at = await activeSite(service, 5);
    await times(5, async () => {
      const held = await reserve(service, at);
      const again = () =>
        service.reserveSlot({ ctx, key: `${held.enrollmentId}/reserveSlot/2`, input: { enrollmentId: held.enrollmentId, ...at } });
      // Side by side it may come too early; once the release is through it must succeed.
      const [early] = await Promise.allSettled([again(), release(held)]);
      if (early.status === 'rejected') expect(early.reason).toMatchObject({ code: 'slot_already_held' });
      const later = await again();
      if (!later.reserved) expect(early).toMatchObject({ value: { reason: 'cap_reached' } });
    });
    const { confirmed } = await counts(at);
    expect(confirmed).toBe(0);
  });

  test('a confirmed place is not given back', async () => {
    const at = await activeSite(service, 2);
    const held = await reserve(service, at);
    await confirm(held);
    expect(await refusal(release(held))).toBe('slot_confirmed');
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 1 });
  });

  test("another enrollment's place is not given back", async () => {
    const at = await activeSite(service, 2);
    const { stepKey } = await reserve(service, at);
    expect(await refusal(release({ stepKey, enrollmentId: uuidv7() }))).toBe('slot_not_found');
    expect(await counts(at)).toEqual({ reserved: 1, confirmed: 0 });
  });
});

describe('confirming', () => {
  test('counts a place once, however often it is said', async () => {
    const at = await activeSite(service, 20);
    const held = await reserve(service, at);
    const answers = await times(10, () => confirm(held));
    answers.push(await service.confirmSlot({ ctx, key: uuidv7(), input: { enrollmentId: held.enrollmentId, slotId: held.slotId } }));
    expect(answers.every((answer) => answer.confirmed && answer.confirmedCount === 1)).toBe(true);
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 1 });
  });

  test('a released place is not confirmed', async () => {
    const at = await activeSite(service, 2);
    const held = await reserve(service, at);
    await release(held);
    expect(await confirm(held)).toEqual({ confirmed: false, reason: 'slot_released' });
    expect(await settle(held)).toEqual({ confirmed: false });
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 0 });
  });

  test('a release and a confirmation at once: one of them wins, never both', async () => {
    const at = await activeSite(service, 20);
    await times(20, async () => {
      const held = await reserve(service, at);
      const [confirmed, released] = await Promise.allSettled([confirm(held), release(held)]);
      expect(confirmed.status).toBe('fulfilled');
      const won = confirmed.status === 'fulfilled' && confirmed.value.confirmed;
      expect(released.status).toBe(won ? 'rejected' : 'fulfilled');
    });
  });

  test('at 90 % and at 100 % of the cap exactly one of many at once carries the notice', async () => {
    const at = await activeSite(service, 20);
    const held = await times(20, () => reserve(service, at));
    const answers = await times(20, (index) => confirm(held[index]!));
    const notices = answers.flatMap((answer) =>
      answer.confirmed && answer.notice ? [{ notice: answer.notice, at: answer.confirmedCount }] : [],
    );
    expect(notices.toSorted((a, b) => a.at - b.at)).toEqual([
      { notice: 'cap_near', at: 18 },
      { notice: 'cap_reached', at: 20 },
    ]);
    // Said again under its own key a confirmation answers the same; that it is one notice is up to its one key.
    expect(await times(20, (index) => confirm(held[index]!))).toEqual(answers);
  });

  test('a cap so small that 90 % is all of it has one notice', async () => {
    const at = await activeSite(service, 2);
    const answers = [await confirm(await reserve(service, at)), await confirm(await reserve(service, at))];
    expect(answers.map((answer) => answer.confirmed && answer.notice)).toEqual([null, 'cap_reached']);
  });
});

describe('confirming under a consent', () => {
  const confirmUnder = (held: { enrollmentId: string; slotId: string }, version: string, round = 1) =>
    service.confirmSlot({
      ctx,
      key: `${held.enrollmentId}/confirmSlot/${round}`,
      input: { enrollmentId: held.enrollmentId, slotId: held.slotId, consent: { version, language: 'zh-CN' } },
    });
  const superseded = { confirmed: false, reason: 'consent_superseded', version: CURRENT };

  test('that is current confirms the place; Study is asked about the site that holds it', async () => {
    const at = await activeSite(service, 2);
    const held = await reserve(service, at);
    expect(await confirmUnder(held, CURRENT)).toMatchObject({ confirmed: true, confirmedCount: 1 });
    expect(asked.at(-1)).toEqual({ ...at, version: CURRENT, language: 'zh-CN' });
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 1 });
  });

  test('that is superseded confirms nothing: only the key is written, the place stays reserved and can be released', async () => {
    const at = await activeSite(service, 2);
    const held = await reserve(service, at);
    expect(await times(5, () => confirmUnder(held, '3.0'))).toEqual(Array.from({ length: 5 }, () => superseded));
    expect(await counts(at)).toEqual({ reserved: 1, confirmed: 0 });
    expect(await database.sql`select 1 from site.audit_entries where entity_id = ${held.slotId} and verb = 'confirmSlot'`).toEqual([]);
    expect(await settle(held)).toEqual({ confirmed: false });
    expect(await release(held)).toEqual({ released: true });
  });

  test('that was superseded is answered so under its key for good; after re-consent a new key confirms', async () => {
    const at = await activeSite(service, 2);
    const held = await reserve(service, at);
    expect(await confirmUnder(held, '3.0')).toEqual(superseded);
    expect(await confirmUnder(held, CURRENT)).toEqual(superseded);
    expect(await confirmUnder(held, CURRENT, 2)).toMatchObject({ confirmed: true });
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 1 });
  });

  test('that is superseded later takes nothing back, under the same key and under a new one', async () => {
    const at = await activeSite(service, 2);
    const held = await reserve(service, at);
    const answer = await confirmUnder(held, CURRENT);
    expect(await confirmUnder(held, '3.0')).toEqual(answer);
    expect(await confirmUnder(held, '3.0', 2)).toMatchObject({ confirmed: true, confirmedCount: 1, notice: null });
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 1 });
  });

  test('for another enrollment’s place is refused unasked, and without a consent Study is not asked', async () => {
    const before = asked.length;
    const held = await reserve(service, await activeSite(service, 1));
    expect(await refusal(confirmUnder({ ...held, enrollmentId: uuidv7() }, '3.0'))).toBe('slot_not_found');
    await confirm(held);
    expect(asked).toHaveLength(before);
  });
});

describe('settling a confirmation', () => {
  test('settled first: the confirmation that comes late is refused, the place can be released', async () => {
    const at = await activeSite(service, 2);
    const held = await reserve(service, at);
    expect(await settle(held)).toEqual({ confirmed: false });
    expect(await refusal(confirm(held))).toBe('command_cancelled');
    expect(await settle(held)).toEqual({ confirmed: false });
    expect(await release(held)).toEqual({ released: true });
    expect(await counts(at)).toEqual({ reserved: 0, confirmed: 0 });
  });

  test('confirmed first: settling says what the confirmation answered', async () => {
    const at = await activeSite(service, 1);
    const held = await reserve(service, at);
    const answer = await confirm(held);
    expect(answer).toEqual({ confirmed: true, confirmedCount: 1, cap: 1, notice: 'cap_reached' });
    expect(await settle(held)).toEqual(answer);
    expect(await settle(held)).toEqual(answer);
    expect(await confirm(held)).toEqual(answer);
  });

  test('both at once agree', async () => {
    const at = await activeSite(service, 20);
    await times(20, async () => {
      const held = await reserve(service, at);
      const [confirmed, settled] = await Promise.allSettled([confirm(held), settle(held)]);
      if (settled.status === 'rejected') throw settled.reason;
      expect(settled.value.confirmed).toBe(confirmed.status === 'fulfilled');
    });
  });
});

test('a cap that changes while places are taken is never exceeded', async () => {
  const at = await activeSite(service, 5);
  const attempts = times(30, () => reserve(service, at).catch(() => null));
  const raised = activate(service, { ...at, cap: 12 });
  const [held] = await Promise.all([attempts, raised]);
  const { reserved } = await counts(at);
  expect(reserved).toBe(held.filter(Boolean).length);
  expect(reserved).toBeLessThanOrEqual(12);
});
