import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { WirePayload } from '../../api/codec/payload-opener.ts';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import { payloadCodec } from '../../runtime/temporal-codec/payload-codec.ts';
import { TEST_SECRETS } from './secrets.ts';

const base64 = (held: Uint8Array) => Buffer.from(held).toString('base64');

/** A payload as the JSON of Temporal's API has it. */
export const wireOf = ({ metadata, data }: Payload): WirePayload => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, held]) => [name, base64(held)])),
  data: base64(data ?? new Uint8Array()),
});

/** A value as this installation seals it for a workflow; for none, as it seals answers to queries. */
export async function sealedPayload(workflowId: string | undefined, value: unknown, keys: KeyRing = TEST_SECRETS.payloadKeys): Promise<WirePayload> {
  const context = workflowId === undefined ? undefined : ({ type: 'workflow', namespace: 'default', workflowId } as const);
  const [sealed] = await payloadCodec(keys).encode([defaultPayloadConverter.toPayload(value)], context);
  return wireOf(sealed!);
}
