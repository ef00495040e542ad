// Real: HTTP/2 on loopback and the way in memory, tokens, Site's guards. Stand-ins: Site's verbs, which say what reached them.
import { create } from '@bufbuild/protobuf';
import { createClient, encodeBinaryHeader } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clients } from '../../../api/deps.ts';
import { openChannels } from '../../../runtime/rpc/channels.ts';
import type { Services } from '../../../runtime/services.ts';
import { authoriseWith, type Authority, type Grant } from '../../../services/common/authority/index.ts';
import { type Actor, type Ctx, DomainError } from '../../../services/common/index.ts';
import { CallContextSchema, type CallContext } from '../../../services/common/rpc/common_pb.js';
import { serviceTokens } from '../../../services/common/rpc/index.ts';
import { guards } from '../../../services/site/guards.ts';
import { SiteService as Desc } from '../../../services/site/site_pb.js';
import { overHttp2, type OverHttp2 } from '../support.ts';

type Call = { ctx: Ctx; key?: string };
let reached: Call[] = [];
const take = (answer: unknown) => (call: Call) => {
  reached.push(call);
  return Promise.resolve(answer);
};
const verbs = { createSite: take({ siteId: 'x' }), getSite: take({ id: 'x', siteId: 'x', code: 'A', name: 'A', address: null, timezone: 'UTC', createdAt: '' }), listSites: take({ items: [], nextCursor: null }) };
const guarded = { ...verbs, authorise: (asked: never) => authoriseWith(guards)({} as never, asked) };
const open = { ...verbs, authorise: () => Promise.resolve() };

let wires: Record<'open' | 'guarded', OverHttp2>;
let ways: Record<string, { open: Clients; guarded: Clients; close: () => void }>;

beforeAll(async () => {
  const servicesOf = (site: object) => ({ site }) as unknown as Partial<Services>;
  wires = { open: await overHttp2({ services: servicesOf(open) }), guarded: await overHttp2({ services: servicesOf(guarded), guarded: true }) };
  const within = (site: object) => openChannels({ services: servicesOf(site), serviceKeys: wires.open.keys, callDeadlineMs: 5000, edgeDeadlineMs: 5000 });
  const [openHere, guardedHere] = [within(open), within(guarded)];
  ways = {
    'over HTTP/2': { open: wires.open.channels.clientsOf('api'), guarded: wires.guarded.channels.clientsOf('api'), close: () => undefined },
    'in memory': { open: openHere.clientsOf('api'), guarded: guardedHere.clientsOf('api'), close: () => [openHere, guardedHere].forEach((one) => one.close()) },
  };
});
afterAll(async () => {
  for (const way of Object.values(ways)) way.close();
  await Promise.all(Object.values(wires).map((wire) => wire.stop()));
});
beforeEach(() => {
  reached = [];
});

const LI = { id: 'crc-1', name: '李 Müller-Søren “Ω” 🏥', role: 'coordinator' } as const;
const ADMIN: Actor = { kind: 'user', id: 'admin-1', name: 'Admin', role: 'admin' };
const [ID, OTHER] = ['0193a2b4-0000-7000-8000-000000000001', '0193a2b4-0000-7000-8000-000000000002'];

/** Of each kind of actor and each scope at least one: another kind does not compile until it has its sample. */
const ACTORS: { [K in Actor['kind']]: Extract<Actor, { kind: K }>[] } = {
  user: [{ kind: 'user', ...LI }],
  workflow: [{ kind: 'workflow', workflow: 'enrollment/ONC-101/p1', onBehalfOf: LI }],
  service: [{ kind: 'service', service: 'study' }],
};
const GRANTS: { [S in Grant['scope']]: Extract<Grant, { scope: S }>[] } = {
  any: [{ scope: 'any' }],
  site: [{ scope: 'site', siteIds: [ID, OTHER] }, { scope: 'site', siteIds: [] }],
  'site-code': [{ scope: 'site-code', siteCodes: ['BJ-01', 'SH.2'] }, { scope: 'site-code', siteCodes: [] }],
  study: [
    { scope: 'study', studyIds: [ID], siteIds: null },
    // No site at all is not every site.
    { scope: 'study', studyIds: [ID, OTHER], siteIds: [] },
    { scope: 'study', studyIds: [], siteIds: [OTHER] },
  ],
  self: [{ scope: 'self', patientId: ID }, { scope: 'self', patientId: null }],
  'no-participant': [{ scope: 'no-participant' }],
};
const ASSERTION = `eyJhbGciOiJFZERTQSJ9.${'a'.repeat(1500)}.${'_-'.repeat(43)}`;
const CONTEXTS: Ctx[] = [
  ...Object.values(ACTORS).flat().map((actor) => ({ actor, requestId: 'r' })),
  ...Object.values(GRANTS).flat().map((grant): Ctx => ({ actor: ACTORS.user[0]!, requestId: 'r', authority: { operation: 'getSite', grant } })),
  { actor: ACTORS.user[0]!, requestId: '请求 – “1”', reason: '误读, 100 % – “typo”\n第二行' },
  { actor: ACTORS.workflow[0]!, requestId: 'r', assertion: ASSERTION },
  { actor: ACTORS.user[0]!, requestId: 'r', reason: 'r', authority: { operation: 'createSite', grant: GRANTS.site[0]! }, assertion: ASSERTION },
  { actor: ACTORS.user[0]!, requestId: 'r', origin: { address: '2001:db8::7', traceId: '0af7651916cd43dd8448eb211c80319c' } },
  { actor: ACTORS.user[0]!, requestId: 'r', origin: { address: 'unknown' } },
  { actor: ACTORS.user[0]!, requestId: 'r', origin: {} },
];

describe.each(['over HTTP/2', 'in memory'])('what travels beside a call, %s', (way) => {
  it.each(CONTEXTS.map((ctx, n) => ({ n, ctx })))('comes out as it was put in: context $n', async ({ ctx }) => {
    await ways[way]!.open.site.getSite({ ctx, input: { siteId: ID } });
    await ways[way]!.open.site.createSite({ ctx, key: '键/1 %', input: { code: 'A', name: 'A', timezone: 'UTC' } });
    expect(reached.map((call) => call.ctx)).toStrictEqual([ctx, ctx]);
    expect(reached.map((call) => call.key)).toStrictEqual([undefined, '键/1 %']);
  });

  it('a call for a person without an authority is refused, and so is one for nobody, or on somebody’s behalf', async () => {
    const { site } = ways[way]!.guarded;
    const grant = { scope: 'any' } as const;
    const without: Ctx[] = [
      { actor: ADMIN, requestId: 'r' },
      { actor: { kind: 'service', service: 'api' }, requestId: 'r', authority: { operation: 'createSite', grant } },
      { actor: { kind: 'workflow', workflow: 'w', onBehalfOf: { id: 'admin-1', name: 'Admin', role: 'admin' } }, requestId: 'r', authority: { operation: 'createSite', grant } },
    ];
    for (const ctx of without) {
      await expect(site.createSite({ ctx, key: 'k', input: { code: 'A', name: 'A', timezone: 'UTC' } })).rejects.toMatchObject({ constructor: DomainError, code: 'forbidden', errorClass: 'forbidden' });
      await expect(site.getSite({ ctx, input: { siteId: ID } })).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(reached).toEqual([]);
    await site.createSite({ ctx: { actor: ADMIN, requestId: 'r', authority: { operation: 'createSite', grant } }, key: 'k', input: { code: 'A', name: 'A', timezone: 'UTC' } });
    expect(reached).toHaveLength(1);
  });

  it.each<[string, Authority]>([
    ['another operation', { operation: 'listSites', grant: { scope: 'any' } }],
    ['an operation that nobody knows', { operation: 'toString' as never, grant: { scope: 'any' } }],
    ['a scope that the policy does not give', { operation: 'createSite', grant: { scope: 'site', siteIds: [ID] } }],
    ['a scope that nobody knows', { operation: 'createSite', grant: { scope: 'everything' } as never }],
  ])('an authority for %s is none', async (_what, authority) => {
    const call = { ctx: { actor: ADMIN, requestId: 'r', authority }, key: 'k', input: { code: 'A', name: 'A', timezone: 'UTC' } };
    await expect(ways[way]!.guarded.site.createSite(call)).rejects.toMatchObject({ code: expect.stringMatching(/^(forbidden|internal|service_failed)$/) });
    expect(reached).toEqual([]);
  });
});

describe('the message itself', () => {
  /** As another program would call: with the token of the API and this header, or none. */
  const asked = async (header: string | undefined) => {
    const client = createClient(Desc, createGrpcTransport({ baseUrl: wires.guarded.server.url }));
    const token = await serviceTokens('api', wires.guarded.keys.privateKeys.api!)('site');
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': 'k', ...(header === undefined ? {} : { 'call-context-bin': header }) };
    return client.createSite({ code: 'A', name: 'A', timezone: 'UTC' }, { headers }).then(
      () => 'answered',
      (error: { rawMessage?: string }) => error.rawMessage,
    );
  };
  const encoded = (context: Partial<CallContext>) => encodeBinaryHeader(create(CallContextSchema, context as never), CallContextSchema);

  it('that is missing, can’t be read, or names nobody opens nothing', async () => {
    const nobody = encoded({ authority: { operation: 'createSite', scope: 'any' } as never });
    for (const header of [undefined, '', 'AAAA', '!!!', nobody]) expect(await asked(header), header).not.toBe('answered');
    expect(reached).toEqual([]);
    expect(await asked(encoded({ actor: ADMIN as never, authority: { operation: 'createSite', scope: 'any' } as never }))).toBe('answered');
  });

  it('has each of its fields sampled above', () => {
    const named = (members: object[]) => new Set(members.flatMap((one) => Object.keys(one)));
    expect(named(CONTEXTS)).toEqual(new Set([...CallContextSchema.fields.map(({ localName }) => localName), 'requestId']));
    const actorFields = CallContextSchema.field.actor.message!.fields.map(({ localName }) => localName);
    expect(named(Object.values(ACTORS).flat())).toEqual(new Set(actorFields));
    const authorityFields = CallContextSchema.field.authority.message!.fields.map(({ localName }) => localName);
    expect(new Set([...named(Object.values(GRANTS).flat()), 'operation', 'allSites'])).toEqual(new Set(authorityFields));
    const originFields = CallContextSchema.field.origin.message!.fields.map(({ localName }) => localName);
    expect(named(CONTEXTS.flatMap(({ origin }) => (origin ? [origin] : [])))).toEqual(new Set(originFields));
  });
});
