// Real: PostgreSQL, the Study service, HTTP/2 on loopback. Stand-ins: Site, EDC, the clock.
import { Code } from '@connectrpc/connect';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DomainError } from '../../../services/common/index.ts';
import type { StudyClient } from '../../../services/study/client.ts';
import type { ProtocolInput } from '../../../services/study/index.ts';
import { studyRpc } from '../../../services/study/rpc.ts';
import { StudyService as Desc } from '../../../services/study/study_pb.js';
import { createTrial, createWorld, ctx, key, type World } from '../../services/study/fixture.ts';
import { ARM, as, randomisedTrial } from '../../unblinding/world.ts';
import { overHttp2, type OverHttp2 } from '../support.ts';
import { expectSameAnswers } from './contract.ts';
import { failureOf } from './failures.ts';
import { answersTo, notSampled, type Samples } from './fields.ts';
import { FULL, studySamples } from './study-samples.ts';

let world: World;
let wire: OverHttp2;
let client: StudyClient;
let samples: Samples;
/** Of somebody who has broken the code of five subjects within the hour. */
let refusedBreak: Samples[string][number];

const clientOf = (caller: Parameters<OverHttp2['channels']['clientsOf']>[0]) => wire.channels.clientsOf(caller).study;

beforeAll(async () => {
  world = await createWorld();
  wire = await overHttp2({ services: { study: world.service } });
  client = clientOf('api');
  ({ samples, refusedBreak } = await studySamples(world));
});
afterAll(async () => {
  await wire.stop();
  await world.drop();
});

describe('Study over gRPC', () => {
  it('answers every verb as the verb itself does', async () => {
    await expectSameAnswers(studyRpc, { service: world.service, clientOf, samples });
    expect(wire.unexpected).toEqual([]);
  });

  it('answers a refused code-break as the verb itself does, beside a subject number that reads as null', async () => {
    // A broken code may be of a subject without a number, and so the field reads as null wherever it has no value; in a
    // refused attempt it has no place, which one message for both can't tell apart.
    const refused = await client.breakCode(refusedBreak as never);
    const direct = await world.service.breakCode(refusedBreak as never);
    expect(direct).toStrictEqual({ broken: false, codeBreakId: expect.any(String), retryAt: expect.any(String) });
    expect(refused).toStrictEqual({ ...direct, subjectNumber: null });
  });

  it('has each field of its requests and answers sampled, with a value and, where it may be, without', async () => {
    const breaks = [...samples['breakCode']!, refusedBreak];
    const asked = await answersTo(studyRpc, { clientOf, samples: { ...samples, breakCode: breaks } });
    expect(notSampled(Desc, studyRpc, asked)).toEqual([]);
  });

  it('takes a protocol unchanged to the last digit and character, and gives it back so', async () => {
    const { studyId } = await createTrial(world);
    const { protocolVersionId } = await client.addProtocolVersion({ ctx, key: key(), input: { studyId, protocol: { ...FULL, version: 'as-sent' } } });
    const { body } = await clientOf('edc').getProtocol({ ctx, input: { protocolVersionId } });
    const stored = await world.service.getProtocol({ ctx, input: { protocolVersionId } });
    expect(body).toStrictEqual(stored.body);
    expect(body).toMatchObject({ ...FULL, version: 'as-sent', effectiveAt: '2026-01-15T00:00:00.000Z' });
  });

  it('refuses a wrong protocol with every place and reason that the verb itself names', async () => {
    const { studyId } = await createTrial(world);
    const wrong = { ...FULL, version: '', extra: '多余', slotTimeToLive: 'soon', criteria: [{ ...FULL.criteria![0], operator: '≥' }] } as unknown as ProtocolInput;
    const ask = (verbs: StudyClient) => failureOf(verbs.addProtocolVersion({ ctx, key: key(), input: { studyId, protocol: wrong } }));
    const direct = await ask(world.service);
    expect(direct).toMatchObject({ type: DomainError, code: 'protocol_invalid', details: { errors: expect.arrayContaining([expect.objectContaining({ path: '/slotTimeToLive' })]) } });
    expect(await ask(client)).toStrictEqual(direct);
  });

  it('limits nobody by an absent scope, and shows nothing to an empty one', async () => {
    const { trial: { studyId, siteId }, people } = await randomisedTrial(world, 1);
    const limit = 50;
    const seen = async (scope: { siteIds?: string[] | undefined; studyIds?: string[] | undefined }) =>
      (await client.listEnrollments({ ctx, input: { ...scope, studyId, limit } })).items.map((one) => one.enrollmentId);
    const all = people.map((one) => one.enrollmentId);
    for (const scope of [{}, { siteIds: undefined, studyIds: undefined }, { siteIds: [siteId], studyIds: [studyId] }]) expect(await seen(scope)).toEqual(all);
    for (const scope of [{ siteIds: [] }, { studyIds: [] }, { siteIds: [uuidv7()] }]) expect(await seen(scope)).toEqual([]);

    const total = async (siteIds?: string[]) => (await client.enrollmentSummary({ ctx, input: { studyId, siteIds } })).total;
    expect([await total(), await total([siteId]), await total([])]).toEqual([1, 1, 0]);

    const studies = async (scope: { studyIds?: string[] }) => (await client.listStudies({ ctx, input: { ...scope, limit } })).items.length;
    expect(await studies({})).toBeGreaterThan(1);
    expect([await studies({ studyIds: [studyId] }), await studies({ studyIds: [] })]).toEqual([1, 0]);
  });

  it('names an arm in the answers of those verbs only that are for the unblinded, and of those to no operator', async () => {
    const asked = await answersTo(studyRpc, { clientOf, samples });
    const telling = new Set(asked.flatMap(({ verb, answer }) => (JSON.stringify(answer).includes(ARM) ? [verb as keyof StudyClient] : [])));
    expect([...telling].toSorted()).toEqual(['breakCode', 'getProtocol', 'getRandomisationList', 'getTreatmentAssignment']);
    for (const verb of telling) {
      const ask = clientOf('ops')[verb] as (call: object) => Promise<unknown>;
      await expect(ask(samples[verb]![0]!), verb).rejects.toMatchObject({ code: Code.PermissionDenied });
    }
  });

  it('refuses the arm to the blinded in the same words as the verb itself, whoever was allocated what', async () => {
    const { people: [one] } = await randomisedTrial(world, 1);
    const ask = (verbs: StudyClient) => failureOf(verbs.getTreatmentAssignment({ ctx: as('monitor', 'mon-1'), input: { enrollmentId: one!.enrollmentId } }));
    const refused = await ask(client);
    expect(refused).toStrictEqual(await ask(world.service));
    expect(refused).toMatchObject({ type: DomainError, code: 'still_blinded', details: {} });
    expect(JSON.stringify(refused)).not.toContain(ARM);
  });

  it('refuses a key under which other content was sent, and says so with its code', async () => {
    const { people: [one] } = await randomisedTrial(world, 1);
    const call = { ctx, key: key(), input: { enrollmentId: one!.enrollmentId, strata: { sex: 'male' }, reason: '误读' } };
    await client.correctBaseline(call);
    await expect(client.correctBaseline({ ...call, input: { ...call.input, strata: { sex: 'female' } } })).rejects.toMatchObject({ code: 'key_reused', errorClass: 'conflict', retryable: false });
  });
});
