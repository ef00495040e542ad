import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { activationBody, createSiteInput, type SiteService } from '../../../services/site/index.ts';
import type { TestDatabase } from '../../support/database.ts';
import { activate, activeSite, ctx, refusal, reserve, siteUnderTest } from './support.ts';
import { auditOf } from '../../support/audit.ts';

// Real: PostgreSQL, the Site service. Stand-in: Study (knows protocol versions 1.0 and 2.0).
let database: TestDatabase;
let service: SiteService;

beforeAll(async () => {
  const under = await siteUnderTest();
  database = under.database;
  service = under.service;
});
afterAll(() => database.drop());

const auditFor = (entityId: string) => auditOf(database.sql, 'site', database.sql`entity_id = ${entityId}`);

describe('sites', () => {
  const hospital = { code: 'R-01', name: '协和医院', address: '1 River Road', timezone: 'Asia/Shanghai' };

  test('a site is stored as given and found by id and by code', async () => {
    const { siteId } = await service.createSite({ ctx, key: 'r-01', input: hospital });
    const site = await service.getSite({ ctx, input: { siteId } });
    expect(site).toEqual({ id: siteId, siteId, ...hospital, createdAt: expect.any(String) });
    expect(await service.getSiteByCode({ ctx, input: { code: 'R-01' } })).toEqual(site);
    expect(await auditFor(siteId)).toMatchObject([{ action: 'C', verb: 'createSite', actor: ctx.actor, after: hospital }]);
  });

  test('a code is given once, also when two ask at the same time', async () => {
    const input = { ...hospital, code: 'R-02' };
    const results = await Promise.allSettled([1, 2].map((n) => service.createSite({ ctx, key: `r-02-${n}`, input })));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'site_code_taken' } });
  });

  test('an unknown site is not found', async () => {
    expect(await refusal(service.getSite({ ctx, input: { siteId: uuidv7() } }))).toBe('site_not_found');
    expect(await service.getSiteByCode({ ctx, input: { code: 'NONE' } })).toBeNull();
  });

  test('what the database refuses is told without any value', async () => {
    const refused = service.getSite({ ctx, input: { siteId: 'no-uuid-but-a-secret' } });
    await expect(refused).rejects.toMatchObject({ code: 'database_invalid_value', retryable: false });
    await expect(refused).rejects.not.toThrow('secret');
  });

  test('pages go from the newest to the oldest without gaps', async () => {
    for (const n of [1, 2, 3]) await service.createSite({ ctx, key: `p-${n}`, input: { ...hospital, code: `P-${n}` } });
    const first = await service.listSites({ ctx, input: { limit: 2 } });
    expect(first.items.map(({ code }) => code)).toEqual(['P-3', 'P-2']);
    const second = await service.listSites({ ctx, input: { limit: 200, cursor: first.nextCursor! } });
    expect(second.items[0]?.code).toBe('P-1');
    expect(second.nextCursor).toBeNull();
  });

  test.each(['Europe/Berlin', 'UTC', 'America/Argentina/Ushuaia', 'Etc/GMT+8'])('%s is a time zone', (timezone) => {
    expect(createSiteInput.safeParse({ ...hospital, timezone }).success).toBe(true);
  });

  test.each(['Mars/Olympus', '+08:00', '', 'Europe/Berlin; drop'])('%j is no time zone', (timezone) => {
    expect(createSiteInput.safeParse({ ...hospital, timezone }).success).toBe(false);
  });

  test('a cap is a whole number from 1 on, and unknown fields are refused', () => {
    const body = { siteId: uuidv7(), cap: 10, protocolVersion: '1.0', ethicsApprovedAt: '2026-01-02T08:00:00+08:00' };
    expect(activationBody.parse(body).ethicsApprovedAt).toBe('2026-01-02T00:00:00.000Z');
    for (const wrong of [{ cap: 0 }, { cap: 1.5 }, { cap: '10' }, { extra: 1 }]) {
      expect(activationBody.safeParse({ ...body, ...wrong }).success).toBe(false);
    }
  });
});

describe('activation', () => {
  test('says who takes part, under which cap and with which approvals, newest first', async () => {
    const at = await activeSite(service, 10);
    await activate(service, { ...at, cap: 10, protocolVersion: '2.0', ethicsApprovedAt: '2026-06-01T00:00:00.000Z' });
    const activation = await service.getActivation({ ctx, input: at });
    expect(activation).toMatchObject({
      ...at,
      site: { name: 'Riverside Hospital', timezone: 'Asia/Shanghai' },
      cap: 10,
      reserved: 0,
      confirmed: 0,
      approvals: [
        { protocolVersion: '2.0', ethicsApprovedAt: '2026-06-01T00:00:00.000Z' },
        { protocolVersion: '1.0', ethicsApprovedAt: '2026-01-02T00:00:00.000Z' },
      ],
    });
    expect(await service.listActivations({ ctx, input: { studyId: at.studyId } })).toEqual({ items: [activation] });
    expect(await service.getActivation({ ctx, input: { ...at, studyId: uuidv7() } })).toBeNull();
  });

  test('a change keeps what was there before in the audit trail', async () => {
    const at = await activeSite(service, 10);
    const { activationId } = await activate(service, { ...at, cap: 12, ethicsApprovedAt: '2026-02-01T00:00:00.000Z' });
    expect(await auditFor(activationId)).toMatchObject([
      { action: 'C', before: null },
      {
        action: 'U',
        before: { cap: 10, ethicsApprovedAt: '2026-01-02T00:00:00.000Z' },
        after: { cap: 12, ethicsApprovedAt: '2026-02-01T00:00:00.000Z' },
      },
    ]);
  });

  test('two first activations at once make one', async () => {
    const { siteId } = await activeSite(service, 1);
    const studyId = uuidv7();
    const made = await Promise.all([1, 2, 3].map((cap) => activate(service, { studyId, siteId, cap })));
    expect(new Set(made.map(({ activationId }) => activationId)).size).toBe(1);
  });

  test('the cap may go down to what is taken, not below', async () => {
    const at = await activeSite(service, 5);
    await reserve(service, at);
    await reserve(service, at);
    expect(await refusal(activate(service, { ...at, cap: 1 }))).toBe('cap_below_taken');
    await activate(service, { ...at, cap: 2 });
    await expect(reserve(service, at)).rejects.toThrow('cap_reached');
  });

  test('an unknown site or protocol version is refused and leaves nothing', async () => {
    const { siteId } = await activeSite(service, 1);
    const studyId = uuidv7();
    expect(await refusal(activate(service, { studyId, siteId: uuidv7(), cap: 1 }))).toBe('site_not_found');
    const unknown = activate(service, { studyId, siteId, cap: 1, protocolVersion: '9.9' });
    expect(await refusal(unknown)).toBe('protocol_version_not_found');
    expect(await service.listActivations({ ctx, input: { studyId } })).toEqual({ items: [] });
  });

  test('the same key with other content is refused', async () => {
    const at = await activeSite(service, 1);
    const input = { ...at, protocolVersion: '1.0', ethicsApprovedAt: '2026-01-02T00:00:00.000Z' };
    const answer = await service.activateSite({ ctx, key: 'act-1', input: { ...input, cap: 3 } });
    expect(await service.activateSite({ ctx, key: 'act-1', input: { ...input, cap: 3 } })).toEqual(answer);
    expect(await refusal(service.activateSite({ ctx, key: 'act-1', input: { ...input, cap: 4 } }))).toBe('key_reused');
  });
});
