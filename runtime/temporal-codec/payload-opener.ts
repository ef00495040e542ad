import type { Payload } from '@temporalio/common';
import type { OpenPayload, WirePayload } from '../../api/codec/payload-opener.ts';
import { SealBrokenError } from '../../db/encryption/aead.ts';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import { isEncrypted, payloadCodec, PayloadClosedError, workflowOf } from './payload-codec.ts';

const bytes = (text: string) => Buffer.from(text, 'base64');
const text = (held: Uint8Array) => Buffer.from(held).toString('base64');
const mapped = <A, B>(all: Record<string, A>, make: (one: A) => B) => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, make(one)]));

const fromWire = ({ metadata = {}, data = '' }: WirePayload): Payload => ({ metadata: mapped(metadata, bytes), data: bytes(data) });
const toWire = ({ metadata, data }: Payload): WirePayload => ({ metadata: mapped(metadata ?? {}, text), data: text(data ?? new Uint8Array()) });

/**
 * Opens what this installation's codec has sealed, for a codec server. What was tampered with, what another key sealed,
 * and what is bound to no workflow (answers to queries) is `closed`. Throws when the keys can't be read.
 */
export function payloadOpener(keys: KeyRing): OpenPayload {
  const codec = payloadCodec(keys);
  return async (given) => {
    const sealed = fromWire(given);
    if (!isEncrypted(sealed)) return { kind: 'plain' };
    const workflowId = workflowOf(sealed);
    if (workflowId === undefined) return { kind: 'closed' };
    try {
      const [payload] = await codec.decode([sealed]);
      return { kind: 'open', workflowId, payload: toWire(payload!) };
    } catch (error) {
      if (error instanceof SealBrokenError || error instanceof PayloadClosedError) return { kind: 'closed' };
      throw error;
    }
  };
}
