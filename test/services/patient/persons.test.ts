import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { because, ctx, newIdCard, newKey, startPatient } from './support.ts';
import { auditOf } from '../../support/audit.ts';

let patient: Awaited<ReturnType<typeof startPatient>>;
beforeAll(async () => {
  patient = await startPatient();
});
afterAll(() => patient.drop());

const person = (patientId: string, reveal = true) => patient.service.getPerson({ ctx, input: { patientId, reveal } });

describe('registering', () => {
  test('the same identifier registered 20 times at once is one person', async () => {
    const idCard = newIdCard();
    const all = await Promise.all(Array.from({ length: 20 }, () => patient.register({ idCard })));
    expect(new Set(all.map((one) => one.patientId)).size).toBe(1);
    expect(all.filter((one) => one.created)).toHaveLength(1);
  });

  test('another site gets the same id, and is linked', async () => {
    const idCard = newIdCard();
    const first = await patient.register({ idCard });
    const other = uuidv7();
    const input = { name: ' 张三', idCard: ` ${idCard.toLowerCase()}`, siteId: other, mobile: '13812341234' };
    const again = await patient.service.registerPerson({ ctx, key: newKey(), input });
    expect(again).toEqual({ patientId: first.patientId, created: false });
    expect(await patient.service.sitesOfPerson({ ctx, input: first })).toEqual({ siteIds: [patient.siteId, other] });
    expect((await person(first.patientId)).mobile).toBeNull();
  });

  test('a repetition under the same key gets the same answer, other content is refused', async () => {
    const call = { ctx, key: newKey(), input: { name: '王五', idCard: newIdCard(), siteId: patient.siteId } };
    const first = await patient.service.registerPerson(call);
    expect(await patient.service.registerPerson(call)).toEqual(first);
    await expect(patient.service.registerPerson({ ...call, input: { ...call.input, name: '王六' } })).rejects.toMatchObject({ code: 'key_reused' });
  });

  test('a name, a birth date or another identifier that disagrees is a conflict and changes nothing', async () => {
    const passport = { type: 'passport', country: 'DE', value: 'C01X00T47' };
    const known = { name: 'Maria Silva', identifiers: [passport], dateOfBirth: '1980-01-01', siteId: patient.siteId };
    const register = (input: typeof known & { idCard?: string }) => patient.service.registerPerson({ ctx, key: newKey(), input });
    const { patientId } = await register(known);
    const other = await patient.register();
    const otherIdCard = (await person(other.patientId)).idCard ?? '';
    const refused = [{ name: 'Mario Silva' }, { dateOfBirth: '1981-01-01' }, { idCard: otherIdCard }];
    for (const change of refused) {
      await expect(register({ ...known, ...change, siteId: uuidv7() })).rejects.toMatchObject({ code: 'identity_conflict', errorClass: 'conflict' });
    }
    expect(await person(patientId)).toMatchObject({ name: 'Maria Silva', siteIds: [patient.siteId], idCard: null, version: 1 });
  });

  test('a second identifier of a known person leads to the same person from then on', async () => {
    const passport = { type: 'passport', country: 'FR', value: '12AB34567' };
    const base = { name: 'Jean', siteId: patient.siteId };
    const first = await patient.service.registerPerson({ ctx, key: newKey(), input: { ...base, identifiers: [passport] } });
    const idCard = newIdCard();
    await patient.service.registerPerson({ ctx, key: newKey(), input: { ...base, idCard, identifiers: [passport] } });
    const third = await patient.service.registerPerson({ ctx, key: newKey(), input: { ...base, idCard } });
    expect(third).toEqual({ patientId: first.patientId, created: false });
    expect(await person(first.patientId)).toMatchObject({ idCard, dateOfBirth: '1980-01-01', identifiers: [passport] });
    const second = { ...base, idCard: newIdCard(), identifiers: [passport] };
    await expect(patient.service.registerPerson({ ctx, key: newKey(), input: second })).rejects.toMatchObject({ code: 'identity_conflict' });
  });

  test('a birth date in the future is refused', async () => {
    const input = { name: 'X', identifiers: [{ type: 'passport', country: 'DE', value: 'F1234567' }], dateOfBirth: '2027-01-01', siteId: patient.siteId };
    await expect(patient.service.registerPerson({ ctx, key: newKey(), input })).rejects.toMatchObject({ code: 'birth_date_in_future' });
  });

  test('an input of a wrong form is refused without the value in the error', async () => {
    const refusal = await patient.register({ idCard: '110105194912310021' }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'invalid_input', details: { errors: [{ pointer: '/idCard', code: 'id_card_check_character' }] } });
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain('110105');
  });

  test('neither the stored answer nor the key row holds anything personal', async () => {
    const { patientId } = await patient.register({ name: '赵钱孙' });
    const rows = await patient.sql`select * from patient.command_keys where result->>'patientId' = ${patientId}`;
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/赵钱孙|19800101/);
  });
});

describe('reading', () => {
  test('is masked, and what is revealed is audited with who and why', async () => {
    const { patientId } = await patient.register({ email: 'zhang@example.org', mobile: '+8613812341234' });
    const { idCard } = await patient.service.getPerson({ ctx: because('safety call'), input: { patientId, reveal: true } });
    expect(await person(patientId, false)).toMatchObject({
      name: '张**',
      idCard: `${idCard?.slice(0, 3)}***********${idCard?.slice(-4)}`,
      mobile: '138****1234',
      email: 'z***@example.org',
      dateOfBirth: '1980',
    });
    const audit = await auditOf(patient.sql, 'patient', patient.sql`entity_id = ${patientId} and action = 'R'`);
    expect(audit).toMatchObject([{ reason: 'safety call', actor: { id: 'crc-1' } }]);
  });

  test('somebody unknown is not found', async () => {
    const patientId = uuidv7();
    await expect(person(patientId)).rejects.toMatchObject({ code: 'patient_not_found' });
    expect(await patient.service.sitesOfPerson({ ctx, input: { patientId } })).toBeNull();
    await expect(patient.service.contactOf({ ctx, input: { patientId } })).rejects.toMatchObject({ code: 'patient_not_found' });
  });

  test('a search finds by exact value however it is typed, masked, and audits each hit without the value', async () => {
    const idCard = newIdCard();
    const { patientId } = await patient.register({ idCard, mobile: '13900001111' });
    for (const input of [{ idCard: idCard.toLowerCase() }, { mobile: '+86 13900001111' }, { identifier: { type: 'resident-id', country: 'cn', value: idCard } }]) {
      const { items } = await patient.service.searchPersons({ ctx, input });
      expect(items).toMatchObject([{ id: patientId, name: '张**' }]);
    }
    expect(await patient.service.searchPersons({ ctx, input: { idCard: newIdCard() } })).toEqual({ items: [] });
    const audit = await auditOf(patient.sql, 'patient', patient.sql`entity_id = ${patientId} and action = 'R'`);
    expect(audit.map((row) => row.after)).toEqual([{ foundBy: 'idCard' }, { foundBy: 'mobile' }, { foundBy: 'identifier' }]);
    const missed = await auditOf(patient.sql, 'patient', patient.sql`entity = 'search'`);
    expect(missed.at(-1)).toMatchObject({ action: 'R', after: { by: 'idCard', hits: 0 } });
  });
});

describe('amending', () => {
  const amend = (patientId: string, expectedVersion: number, changes: object, reason = 'typing mistake') =>
    patient.service.amendPerson({ ctx: because(reason), key: newKey(), input: { patientId, expectedVersion, changes } });

  test('needs a reason and the version that was read', async () => {
    const { patientId } = await patient.register();
    await expect(amend(patientId, 1, { name: '李四' }, ' ')).rejects.toMatchObject({ code: 'reason_required' });
    await expect(amend(patientId, 2, { name: '李四' })).rejects.toMatchObject({ code: 'version_stale', errorClass: 'stale' });
    expect(await amend(patientId, 1, { name: '李四', mobile: '13700000000' })).toEqual({ patientId, version: 2 });
    const [row] = await auditOf(patient.sql, 'patient', patient.sql`entity_id = ${patientId} and action = 'U'`);
    expect(row).toMatchObject({ reason: 'typing mistake', before: { name: '张三', mobile: null }, after: { name: '李四', mobile: '13700000000' } });
    expect((await patient.service.searchPersons({ ctx, input: { mobile: '13700000000' } })).items).toHaveLength(1);
  });

  test('two at once: one is applied, the other is stale', async () => {
    const { patientId } = await patient.register();
    const both = await Promise.allSettled([amend(patientId, 1, { name: 'A' }), amend(patientId, 1, { name: 'B' })]);
    expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('a corrected resident ID replaces the old one, which is free again; another person’s is refused', async () => {
    const wrong = newIdCard();
    const right = newIdCard();
    const { patientId } = await patient.register({ idCard: wrong });
    const other = await patient.register();
    const taken = (await person(other.patientId)).idCard;
    await expect(amend(patientId, 1, { idCard: taken })).rejects.toMatchObject({ code: 'identity_conflict' });
    await amend(patientId, 1, { idCard: right });
    expect(await person(patientId)).toMatchObject({ idCard: right, version: 2 });
    expect((await patient.register({ idCard: wrong })).created).toBe(true);
  });

  test('birth date and sex may not leave the resident ID', async () => {
    const { patientId } = await patient.register();
    for (const changes of [{ dateOfBirth: '1980-01-02' }, { dateOfBirth: null }, { sex: 'other' }]) {
      await expect(amend(patientId, 1, changes)).rejects.toMatchObject({ code: 'disagrees_with_id_card' });
    }
  });
});

test('the medical history is listed newest first, page by page', async () => {
  const { patientId } = await patient.register();
  const ids: string[] = [];
  for (const description of ['asthma', 'appendectomy', 'penicillin']) {
    const entry = { category: 'condition' as const, description, startedOn: '2011-05' };
    ids.push((await patient.service.addHistory({ ctx, key: newKey(), input: { patientId, entry } })).historyId);
  }
  const first = await patient.service.listHistory({ ctx, input: { patientId, limit: 2 } });
  expect(first).toMatchObject({ items: [{ description: 'penicillin' }, { description: 'appendectomy' }], nextCursor: ids[1] });
  const second = await patient.service.listHistory({ ctx, input: { patientId, limit: 2, cursor: first.nextCursor ?? '' } });
  expect(second).toMatchObject({ items: [{ id: ids[0], startedOn: '2011-05' }], nextCursor: null });
});
