import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { expect, it } from 'vitest';
import { ENCRYPTED, isEncrypted, payloadCodec, PayloadClosedError, workflowOf } from '../../runtime/temporal-codec/payload-codec.ts';
import { SealBrokenError } from '../../db/encryption/aead.ts';
import { memoryRing } from '../support/secrets.ts';

const VALUE = { name: '张三 🏥', nested: [1, null, { idCard: '11010519491231002X' }] };
const payload = () => defaultPayloadConverter.toPayload(VALUE);
const of = (workflowId: string) => ({ type: 'workflow', namespace: 'default', workflowId }) as const;
const codec = payloadCodec(memoryRing('one'));
const sealed = async (context = of('enrollment/ONC-101/p1')) => (await codec.encode([payload()], context))[0]!;
const value = (one: Payload) => defaultPayloadConverter.fromPayload(one);

it('what is sealed opens as it was, and shows nothing but its key and its workflow', async () => {
  const one = await sealed();
  expect(isEncrypted(one)).toBe(true);
  expect(workflowOf(one)).toBe('enrollment/ONC-101/p1');
  expect(Object.fromEntries(Object.entries(one.metadata!).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]))).toEqual({
    encoding: ENCRYPTED, 'encryption-key-id': 'one', 'workflow-id': 'enrollment/ONC-101/p1',
  });
  expect(Buffer.from(one.data!).toString('latin1')).not.toMatch(/name|idCard|11010519/);
  const [opened] = await codec.decode([one], of('enrollment/ONC-101/p1'));
  expect(value(opened!)).toEqual(VALUE);
});

it('the same twice does not look the same', async () => {
  expect(Buffer.from((await sealed()).data!)).not.toEqual(Buffer.from((await sealed()).data!));
});

it('copied into another workflow it does not open, whether its metadata say so or not', async () => {
  const one = await sealed();
  await expect(codec.decode([one], of('enrollment/ONC-101/p2'))).rejects.toThrow(PayloadClosedError);
  const relabelled = { ...one, metadata: { ...one.metadata, 'workflow-id': Buffer.from('enrollment/ONC-101/p2') } };
  await expect(codec.decode([relabelled], of('enrollment/ONC-101/p2'))).rejects.toThrow(SealBrokenError);
  const { 'workflow-id': _id, ...bare } = one.metadata!;
  await expect(codec.decode([{ ...one, metadata: bare }], of('enrollment/ONC-101/p1'))).rejects.toThrow(SealBrokenError);
});

it('changed by a bit it does not open', async () => {
  const one = await sealed();
  const data = Buffer.from(one.data!);
  data[20]! ^= 1;
  await expect(codec.decode([{ ...one, data }])).rejects.toThrow(SealBrokenError);
});

it('after another key has come, the older one goes on opening; without it it is named', async () => {
  const one = await sealed();
  const [opened] = await payloadCodec(memoryRing('one', 'two')).decode([one]);
  expect(value(opened!)).toEqual(VALUE);
  const failure = await payloadCodec(memoryRing('two')).decode([one]).catch((error: unknown) => error as Error);
  expect(failure).toBeInstanceOf(PayloadClosedError);
  expect((failure as Error).message).toContain('one');
});

it('what is there to be displayed stays readable: bare texts and the answer with the current details, nothing else', async () => {
  const pass = async (shown: unknown) => !isEncrypted((await codec.encode([defaultPayloadConverter.toPayload(shown)]))[0]!);
  expect(await Promise.all([pass('Record the signed consent'), pass({ definition: { type: 'consentToEnrollment' }, currentDetails: '**Where:** slot' })])).toEqual([true, true]);
  for (const said of [{ reason: 'text' }, ['text'], { definition: 'x' }, 42, null, [{ definition: { type: 'x' } }]]) expect(await pass(said), JSON.stringify(said)).toBe(false);
});

it('what is not ours, as in histories of before, passes as it is', async () => {
  const [one] = await codec.decode([payload()], of('w'));
  expect(value(one!)).toEqual(VALUE);
});
