// Real: PostgreSQL, the Site service, HTTP/2 on loopback. Stand-in: Study, which knows the protocol versions 1.0 and 2.0.
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DomainError } from '../../../services/common/index.ts';
import type { SiteClient } from '../../../services/site/client.ts';
import { siteRpc } from '../../../services/site/rpc.ts';
import { SiteService as Desc } from '../../../services/site/site_pb.js';
import { activate, activeSite, ctx, reserve, siteUnderTest } from '../../services/site/support.ts';
import { overHttp2, type OverHttp2 } from '../support.ts';
import { auditSamples } from './audit-samples.ts';
import { expectSameAnswers } from './contract.ts';
import { answersTo, notSampled, type Samples } from './fields.ts';
import { failureOf } from './failures.ts';

let site: Awaited<ReturnType<typeof siteUnderTest>>;
let wire: OverHttp2;
let client: SiteClient;
let samples: Samples;

beforeAll(async () => {
  site = await siteUnderTest();
  wire = await overHttp2({ services: { site: site.service } });
  client = wire.channels.clientsOf('api').site;
  samples = await makeSamples();
});
afterAll(async () => {
  await wire.stop();
  await site.database.drop();
});

const read = (input: object) => ({ ctx, input });
const command = (input: object) => ({ ctx, key: uuidv7(), input });
const newCode = () => `S-${uuidv7()}`;

async function makeSamples(): Promise<Samples> {
  const { service } = site;
  const code = newCode();
  const full = { code, name: '北京协和医院 — Universitätsklinikum', address: 'Straße 1\n100730 北京 🏥', timezone: 'Asia/Shanghai' };
  const { siteId } = await service.createSite({ ctx, key: uuidv7(), input: full });
  const { studyId, siteId: bare } = await activeSite(service, 3);
  // Two approvals, newest first; one place reserved and one confirmed.
  await activate(service, { studyId, siteId: bare, cap: 100_000, protocolVersion: '2.0', ethicsApprovedAt: '2026-03-29T02:30:00.123+02:00' });
  await activate(service, { studyId, siteId, cap: 1 });
  await reserve(service, { studyId, siteId: bare });
  const { enrollmentId, slotId } = await reserve(service, { studyId, siteId: bare });
  await service.confirmSlot({ ctx, key: uuidv7(), input: { enrollmentId, slotId } });
  const { items: [newest] } = await service.listSites({ ctx, input: { limit: 1 } });
  return {
    getSite: [read({ siteId }), read({ siteId: bare })],
    getSiteByCode: [read({ code }), read({ code: 'nobody-has-it' }), read({ code: '' })],
    listSites: [read({ limit: 200 }), read({ limit: 1 }), read({ limit: 1, cursor: newest!.id }), read({ limit: 50, cursor: siteId }), read({ limit: 50, cursor: undefined })],
    getActivation: [read({ studyId, siteId }), read({ studyId, siteId: bare }), read({ studyId: uuidv7(), siteId })],
    listActivations: [read({ studyId }), read({ studyId: uuidv7() })],
    listAuditEntries: auditSamples(),
    createSite: [command({ ...full, code: newCode() }), command({ code: newCode(), name: 'Å', timezone: 'America/Argentina/Buenos_Aires' }), command({ ...full, code: newCode(), address: undefined })],
    activateSite: [
      command({ studyId, siteId, cap: 2, protocolVersion: '2.0', ethicsApprovedAt: '2026-10-25T01:30:00.000Z' }),
      command({ studyId: uuidv7(), siteId, cap: 1, protocolVersion: '1.0', ethicsApprovedAt: '2026-01-01T00:00:00Z' }),
    ],
  };
}

describe('Site over gRPC', () => {
  it('answers every verb as the verb itself does', async () => {
    await expectSameAnswers(siteRpc, { service: site.service, clientOf: (caller) => wire.channels.clientsOf(caller).site, samples });
  });

  it('has each field of its requests and answers sampled, with a value and, where it may be, without', async () => {
    const asked = await answersTo(siteRpc, { clientOf: (caller) => wire.channels.clientsOf(caller).site, samples });
    expect(notSampled(Desc, siteRpc, asked)).toEqual([]);
  });

  it('tells that no place is taken as 0, not as nothing', async () => {
    const at = await activeSite(site.service, 7);
    expect(await client.getActivation({ ctx, input: at })).toMatchObject({ cap: 7, reserved: 0, confirmed: 0 });
  });

  it('makes the sites of a study come in the order of their codes, and their approvals newest first', async () => {
    const { studyId, siteId } = await activeSite(site.service, 1);
    await activate(site.service, { studyId, siteId, cap: 1, protocolVersion: '2.0', ethicsApprovedAt: '2026-05-01T00:00:00.000Z' });
    const { siteId: first } = await client.createSite({ ctx, key: uuidv7(), input: { code: `A-${uuidv7()}`, name: 'First', timezone: 'Europe/Berlin' } });
    await client.activateSite({ ctx, key: uuidv7(), input: { studyId, siteId: first, cap: 1, protocolVersion: '1.0', ethicsApprovedAt: '2026-01-02T00:00:00.000Z' } });
    const { items } = await client.listActivations({ ctx, input: { studyId } });
    expect(items.map((one) => one.siteId)).toEqual([first, siteId]);
    expect(items[1]!.approvals.map((one) => one.protocolVersion)).toEqual(['2.0', '1.0']);
  });

  it.each([
    ['site_not_found', (verbs: SiteClient) => verbs.getSite({ ctx, input: { siteId: uuidv7() } })],
    ['protocol_version_not_found', (verbs: SiteClient) => verbs.activateSite({ ctx, key: uuidv7(), input: { studyId: uuidv7(), siteId: uuidv7(), cap: 1, protocolVersion: '9.9', ethicsApprovedAt: '2026-01-01T00:00:00Z' } })],
    ['cap_below_taken', async (verbs: SiteClient) => {
      const at = await activeSite(site.service, 5);
      for (let taken = 0; taken < 3; taken++) await reserve(site.service, at);
      return verbs.activateSite({ ctx, key: uuidv7(), input: { ...at, cap: 2, protocolVersion: '1.0', ethicsApprovedAt: '2026-01-01T00:00:00Z' } });
    }],
  ] as const)('refuses with %s as the verb itself does, in every part of the error', async (code, ask) => {
    const direct = await failureOf(ask(site.service));
    expect(direct).toMatchObject({ type: DomainError, code });
    expect(await failureOf(ask(client))).toStrictEqual(direct);
  });
});
