import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocolBody } from '../../../services/study/index.ts';
import { createTrial, createWorld, ctx, key, PROTOCOL, type World } from './fixture.ts';

/** The body of the contract, whole. */
const FULL = {
  version: '2.0',
  effectiveAt: '2026-01-15T00:00:00Z',
  consentRule: 'CN',
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [
    { code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 },
    { code: 'E03', kind: 'exclusion', text: 'eGFR below 30', item: 'EGFR', operator: '<', value: 30, unit: 'mL/min/1.73m2' },
  ],
  eligibilitySignature: { reminder: 'P2D', expiry: 'P7D' },
  randomisation: {
    arms: [
      { code: 'A', ratio: 1 },
      { code: 'B', ratio: 1 },
    ],
    strata: [{ code: 'sex', levels: ['female', 'male'] }],
    blockSizes: [4, 6],
    bySite: true,
    autoRandomise: false,
    freesCapOnWithdrawal: false,
  },
  visits: [{ code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] }],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
  slotTimeToLive: 'P3D',
  reconsentDeadline: 'P14D',
  subjectNumberPattern: '{site}-{sequence:4}',
};

const criterion = FULL.criteria[0];
const { randomisation, visits, epro } = FULL;

const BAD: [what: string, change: Record<string, unknown>, path: string][] = [
  ['an unknown field', { colour: 'red' }, ''],
  ['an unknown field deep inside', { screening: { windowDays: 28, maxRescreens: 1, extra: 1 } }, '/screening'],
  ['no version', { version: undefined }, '/version'],
  ['a version with spaces', { version: '2 0' }, '/version'],
  ['a date without a time', { effectiveAt: '2026-01-15' }, '/effectiveAt'],
  ['a date that does not exist', { effectiveAt: '2026-02-30T00:00:00Z' }, '/effectiveAt'],
  ['a country rule in words', { consentRule: 'China' }, '/consentRule'],
  ['a screening window of no days', { screening: { windowDays: 0, maxRescreens: 1 } }, '/screening/windowDays'],
  ['half a day of screening', { screening: { windowDays: 1.5, maxRescreens: 1 } }, '/screening/windowDays'],
  ['negative re-screenings', { screening: { windowDays: 28, maxRescreens: -1 } }, '/screening/maxRescreens'],
  ['the same criterion twice', { criteria: [criterion, criterion] }, '/criteria'],
  ['an unknown operator', { criteria: [{ ...criterion, operator: '~' }] }, '/criteria/0/operator'],
  ['an order of texts', { criteria: [{ ...criterion, value: 'eighteen' }] }, '/criteria/0/value'],
  ['a list without "in"', { criteria: [{ ...criterion, operator: '=', value: [1] }] }, '/criteria/0/value'],
  ['"in" without a list', { criteria: [{ ...criterion, operator: 'in', value: 1 }] }, '/criteria/0/value'],
  ['an unknown kind of criterion', { criteria: [{ ...criterion, kind: 'maybe' }] }, '/criteria/0/kind'],
  ['an infinite value', { criteria: [{ ...criterion, value: Number.POSITIVE_INFINITY }] }, '/criteria/0/value'],
  ['a date so many hours after the consent', { criteria: [{ ...criterion, value: { relativeTo: 'consent', offset: 'PT36H' } }] }, '/criteria/0/value/offset'],
  ['a date more than ten years before the consent', { criteria: [{ ...criterion, value: { relativeTo: 'consent', offset: '-P3651D' } }] }, '/criteria/0/value/offset'],
  ['a date relative to something else', { criteria: [{ ...criterion, value: { relativeTo: 'birth', offset: 'P1D' } }] }, '/criteria/0/value'],
  ['a date that is equalled', { criteria: [{ ...criterion, operator: '=', value: { relativeTo: 'consent', offset: 'P0D' } }] }, '/criteria/0/value'],
  ['a date with a unit', { criteria: [{ ...criterion, unit: 'd', value: { relativeTo: 'consent', offset: 'P0D' } }] }, '/criteria/0/unit'],
  ['a criterion that counts as unknown without a value', { criteria: [{ ...criterion, ifMissing: 'unknown' }] }, '/criteria/0/ifMissing'],
  ['two units for one item', { criteria: [{ ...criterion, unit: 'a' }, { ...criterion, code: 'I02' }, { ...criterion, code: 'I03', unit: 'y' }] }, '/criteria/2/unit'],
  ['a date and a number for one item', { criteria: [criterion, { ...criterion, code: 'I02', value: { relativeTo: 'consent', offset: 'P0D' } }] }, '/criteria/1/value'],
  ['a type of its own for one item', { criteria: [{ ...criterion, operator: 'in', value: [1, 'x'] }, { ...criterion, code: 'I02', operator: '=', value: true }] }, '/criteria/1/value'],
  ['too many criteria', { criteria: Array.from({ length: 201 }, (_, i) => ({ ...criterion, code: `I${i}` })) }, '/criteria'],
  ['a reminder after the expiry', { eligibilitySignature: { reminder: 'P8D', expiry: 'P7D' } }, '/eligibilitySignature/reminder'],
  ['a reminder in words', { eligibilitySignature: { reminder: 'soon', expiry: 'P7D' } }, '/eligibilitySignature/reminder'],
  ['no arm', { randomisation: { ...randomisation, arms: [] } }, '/randomisation/arms'],
  ['the same arm twice', { randomisation: { ...randomisation, arms: [randomisation.arms[0], randomisation.arms[0]] } }, '/randomisation/arms'],
  ['a ratio of zero', { randomisation: { ...randomisation, arms: [{ code: 'A', ratio: 0 }, { code: 'B', ratio: 1 }] } }, '/randomisation/arms/0/ratio'],
  ['a block that the ratios do not fill', { randomisation: { ...randomisation, blockSizes: [4, 5] } }, '/randomisation/blockSizes/1'],
  ['a block for other ratios', { randomisation: { ...randomisation, arms: [{ code: 'A', ratio: 2 }, { code: 'B', ratio: 1 }], blockSizes: [4] } }, '/randomisation/blockSizes/0'],
  ['no block', { randomisation: { ...randomisation, blockSizes: [] } }, '/randomisation/blockSizes'],
  ['the same block twice', { randomisation: { ...randomisation, blockSizes: [4, 4] } }, '/randomisation/blockSizes'],
  ['a stratum of one level', { randomisation: { ...randomisation, strata: [{ code: 'sex', levels: ['female'] }] } }, '/randomisation/strata/0/levels'],
  ['the same stratum twice', { randomisation: { ...randomisation, strata: [randomisation.strata[0], randomisation.strata[0]] } }, '/randomisation/strata'],
  ['the same level twice', { randomisation: { ...randomisation, strata: [{ code: 'sex', levels: ['f', 'f'] }] } }, '/randomisation/strata/0/levels'],
  ['the same visit twice', { visits: [visits[0], visits[0]] }, '/visits'],
  ['a visit without forms', { visits: [{ ...visits[0], forms: [] }] }, '/visits/0/forms'],
  ['a form twice at a visit', { visits: [{ ...visits[0], forms: ['DM', 'DM'] }] }, '/visits/0/forms'],
  ['a duration in months', { visits: [{ ...visits[0], offset: 'P1M' }] }, '/visits/0/offset'],
  ['an empty duration', { visits: [{ ...visits[0], window: 'P' }] }, '/visits/0/window'],
  ['an empty time of a duration', { visits: [{ ...visits[0], window: 'P1DT' }] }, '/visits/0/window'],
  ['an unknown anchor', { visits: [{ ...visits[0], anchor: 'birth' }] }, '/visits/0/anchor'],
  ['a visit after a randomisation that there is none of', { randomisation: undefined, visits: [{ ...visits[0], anchor: 'randomisation' }] }, '/visits/0/anchor'],
  ['a diary at 25 hours', { epro: [{ ...epro[0], at: '25:00' }] }, '/epro/0/at'],
  ['a diary now and then', { epro: [{ ...epro[0], every: 'often' }] }, '/epro/0/every'],
  ['a diary every 36 hours', { epro: [{ ...epro[0], every: 'PT36H' }] }, '/epro/0/every'],
  ['a diary all the time', { epro: [{ ...epro[0], every: 'P0D' }] }, '/epro/0/every'],
  ['a diary that ends before its first day', { epro: [{ ...epro[0], every: 'P7D', for: 'P3D' }] }, '/epro/0/for'],
  ['an empty list of diaries', { epro: [] }, '/epro'],
  ['the same diary twice', { epro: [epro[0], epro[0]] }, '/epro'],
  ['a slot that never lives', { slotTimeToLive: 'P0D' }, '/slotTimeToLive'],
  ['a slot that lives for ever', { slotTimeToLive: 'P99999D' }, '/slotTimeToLive'],
  ['a re-consent deadline in words', { reconsentDeadline: 'two weeks' }, '/reconsentDeadline'],
  ['subject numbers without the site', { subjectNumberPattern: '{sequence:4}' }, '/subjectNumberPattern'],
  ['subject numbers without a sequence', { subjectNumberPattern: '{site}-1' }, '/subjectNumberPattern'],
  ['subject numbers that two sites could share', { subjectNumberPattern: '{site}{sequence:1}' }, '/subjectNumberPattern'],
  ['an unknown part of a subject number', { subjectNumberPattern: '{site}-{name}-{sequence:4}' }, '/subjectNumberPattern'],
];

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

describe('the body of a protocol version', () => {
  it('is accepted whole, and kept as it is', () => {
    const criteria = FULL.criteria.map((one) => ({ ...one, ifMissing: 'wait' }));
    expect(protocolBody.parse(FULL)).toEqual({ ...FULL, criteria, effectiveAt: '2026-01-15T00:00:00.000Z' });
  });

  it('needs only a version and when it is effective: the rest has the defaults of the contract', () => {
    expect(protocolBody.parse({ version: '1', effectiveAt: '2026-01-15T08:00:00+08:00' })).toEqual({
      version: '1',
      effectiveAt: '2026-01-15T00:00:00.000Z',
      consentRule: 'CN',
      criteria: [],
      visits: [],
      slotTimeToLive: 'P3D',
      reconsentDeadline: 'P14D',
      subjectNumberPattern: '{site}-{sequence:4}',
    });
  });

  it.each(['P0D', 'P28D', '-P28D', 'P3650D', '-P3650D'])('takes a date relative to the consent: %s', (offset) => {
    const dates = { ...criterion, value: { relativeTo: 'consent', offset }, ifMissing: 'failed' };
    expect(protocolBody.parse({ ...FULL, criteria: [dates] }).criteria).toEqual([dates]);
  });

  it('takes criteria of one item of which only some name the unit, in either order', () => {
    const pair = [{ ...criterion, unit: 'a' }, { ...criterion, code: 'I02' }];
    for (const criteria of [pair, pair.toReversed()]) expect(protocolBody.safeParse({ ...FULL, criteria }).success).toBe(true);
  });

  it.each(BAD)('is refused with %s', (_what, change, path) => {
    const { success, error } = protocolBody.safeParse({ ...FULL, ...change });
    expect(success).toBe(false);
    expect(error?.issues.map((issue) => `${issue.path.length > 0 ? '/' : ''}${issue.path.join('/')}`)).toContain(path);
  });

  it.each([{ body: null }, { body: 1 }, { body: 'x' }, { body: [] }, { body: [FULL] }])('is refused when it is no object', ({ body }) => {
    expect(protocolBody.safeParse(body).success).toBe(false);
  });
});

describe('adding a protocol version', () => {
  it('checks the body whoever calls, tells where it is wrong, and echoes no value', async () => {
    const { studyId } = await createTrial(world);
    const protocol = { ...PROTOCOL, version: '3.0', slotTimeToLive: 'secret-value' };
    const refusal = world.service.addProtocolVersion({ ctx, key: key(), input: { studyId, protocol } });
    await expect(refusal).rejects.toMatchObject({ code: 'protocol_invalid', errorClass: 'invalid', details: { errors: expect.arrayContaining([expect.objectContaining({ path: '/slotTimeToLive' })]) } });
    await expect(refusal).rejects.not.toThrow(/secret-value/);
  });

  it('keeps the body for those who read it, and finds it by its name', async () => {
    const { studyId, protocolVersionId } = await createTrial(world);
    const found = await world.service.findProtocolVersion({ ctx, input: { studyId, version: '2.0' } });
    expect(found).toEqual({ protocolVersionId, effectiveAt: '2026-01-15T00:00:00.000Z' });
    expect(await world.service.findProtocolVersion({ ctx, input: { studyId, version: '9' } })).toBeNull();
    const protocol = await world.service.getProtocol({ ctx, input: { protocolVersionId } });
    expect(protocol).toEqual({ protocolVersionId, studyId, version: '2.0', effectiveAt: '2026-01-15T00:00:00.000Z', body: protocolBody.parse(PROTOCOL) });
  });

  it('refuses the same version twice, and a study that does not exist', async () => {
    const { studyId, siteId } = await createTrial(world);
    await expect(world.service.addProtocolVersion({ ctx, key: key(), input: { studyId, protocol: PROTOCOL } })).rejects.toMatchObject({ code: 'protocol_version_exists' });
    await expect(world.service.addProtocolVersion({ ctx, key: key(), input: { studyId: siteId, protocol: PROTOCOL } })).rejects.toMatchObject({ code: 'study_not_found' });
    await expect(world.service.getProtocol({ ctx, input: { protocolVersionId: siteId } })).rejects.toMatchObject({ code: 'protocol_version_not_found' });
  });
});
