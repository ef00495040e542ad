import type { Payload, PayloadCodec } from '@temporalio/common';
// CommonJS: Node finds no named exports in it.
import proto from '@temporalio/proto';
import { openBytes, sealBytes } from '../../db/encryption/aead.ts';
import type { KeyRing } from '../../db/encryption/key-ring.ts';

type SerializationContext = NonNullable<Parameters<PayloadCodec['encode']>[1]>;

/** In the metadata of a payload: what it is, under which key, and whose it is. */
const ENCODING = 'encoding';
const KEY_ID = 'encryption-key-id';
const WORKFLOW_ID = 'workflow-id';
export const ENCRYPTED = 'binary/encrypted';

/** A payload can't be opened here; says why, never what is in it. */
export class PayloadClosedError extends Error {
  override readonly name = 'PayloadClosedError';
}

const { Payload: Wire } = proto.temporal.api.common.v1;
const text = (bytes: Uint8Array | null | undefined) => (bytes ? Buffer.from(bytes).toString('utf8') : undefined);

/** Is it one of ours? Histories of before, and what Temporal itself writes, are not. */
export const isEncrypted = (payload: Payload): boolean => text(payload.metadata?.[ENCODING]) === ENCRYPTED;

/** The workflow that a payload belongs to, as its metadata say; bound to it, so believed once it opens. */
export const workflowOf = (payload: Payload): string | undefined => text(payload.metadata?.[WORKFLOW_ID]);

/**
 * What the Temporal UI shows of a run without anybody opening a payload: bare texts (summaries, details, memos) and the
 * answer with the current details. Free of personal data, and tested to be; what people say is always an object.
 */
function isForDisplay({ metadata, data }: Payload): boolean {
  if (!data || text(metadata?.[ENCODING]) !== 'json/plain') return false;
  const [first] = data;
  if (first === QUOTE) return true;
  return text(data.subarray(0, METADATA_ANSWER.length)) === METADATA_ANSWER;
}
const QUOTE = 0x22;
const METADATA_ANSWER = '{"definition":{"type":"';

/**
 * Seals what Temporal keeps with AES-256-GCM: arguments, results and, by the failure converter, messages of failures.
 * What is there to be displayed is left readable. Bound to the workflow where the SDK says which (all but the payloads of queries and of what
 * belongs to no workflow): copied into another one it does not open. What is not ours passes as it is.
 */
export function payloadCodec(keys: KeyRing): PayloadCodec {
  return {
    encode: (payloads, context) => Promise.all(payloads.map((payload) => encoded(keys, payload, context))),
    decode: (payloads, context) => Promise.all(payloads.map((payload) => decoded(keys, payload, context))),
  };
}

async function encoded(keys: KeyRing, payload: Payload, context: SerializationContext | undefined): Promise<Payload> {
  if (isForDisplay(payload)) return payload;
  const { id, key } = await keys.current();
  const workflowId = context?.workflowId;
  const whole = Wire.encode(Wire.create(payload)).finish();
  const bytes = (value: string) => Buffer.from(value, 'utf8');
  return {
    metadata: { [ENCODING]: bytes(ENCRYPTED), [KEY_ID]: bytes(id), ...(workflowId === undefined ? {} : { [WORKFLOW_ID]: bytes(workflowId) }) },
    data: sealBytes(key, whole, placeOf(workflowId)),
  };
}

async function decoded(keys: KeyRing, payload: Payload, context: SerializationContext | undefined): Promise<Payload> {
  if (!isEncrypted(payload)) return payload;
  const workflowId = workflowOf(payload);
  if (workflowId !== undefined && context?.workflowId !== undefined && context.workflowId !== workflowId) {
    throw new PayloadClosedError('a payload belongs to another workflow than the one that it stands in');
  }
  const keyId = text(payload.metadata?.[KEY_ID]) ?? '';
  const key = await keys.find(keyId);
  if (!key) throw new PayloadClosedError(`no payload key with the id ${keyId}: it has to be in the file of payload keys for as long as something names it`);
  return Wire.decode(openBytes(key, payload.data ?? new Uint8Array(), placeOf(workflowId)));
}

const placeOf = (workflowId: string | undefined) => `temporal-payload/${workflowId ?? ''}`;
