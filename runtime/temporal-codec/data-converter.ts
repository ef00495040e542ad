import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import { payloadCodec } from './payload-codec.ts';

/** Loaded by clients and workers, and part of the bundle: failures are converted where workflow code runs, too. */
export const FAILURE_CONVERTER = fileURLToPath(new URL('../../workflows/failure-converter.ts', import.meta.url));

/** What every client, worker and replay converts by. */
export function dataConverterOf(payloadKeys: KeyRing): DataConverter {
  return { payloadCodecs: [payloadCodec(payloadKeys)], failureConverterPath: FAILURE_CONVERTER };
}
