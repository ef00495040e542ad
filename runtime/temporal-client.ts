import { Client, Connection, type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { KeyRing } from '../db/encryption/key-ring.ts';
import { dataConverterOf } from './temporal-codec/data-converter.ts';
import { tracedClient } from './telemetry/client-interceptor.ts';
import { openWhileClosing } from './temporal-closing.ts';

/** Where Temporal is. */
export type TemporalSettings = { connection: ConnectionOptions; namespace: string };

export type TemporalClient = { client: Client; close(): Promise<void> };

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

/** A server that is back is noticed within a second: gRPC's own pauses between attempts grow to two minutes. */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1000 };

/** The one way to a client of Temporal: with this installation's codec. Throws what Temporal's client throws when nobody answers. */
export async function openTemporalClient({ connection: options, namespace }: TemporalSettings, payloadKeys: KeyRing, within?: Within): Promise<TemporalClient> {
  const retry = options.interceptors ?? [makeGrpcRetryInterceptor(defaultGrpcRetryOptions())];
  const interceptors = [...(within ? [deadlineOf(within.callMs)] : []), ...retry, openWhileClosing];
  const limit = within ? { connectTimeout: within.connectMs } : {};
  const connection = await Connection.connect({ ...limit, ...options, interceptors, channelArgs: { ...RECONNECT, ...options.channelArgs } });
  return { client: new Client({ connection, namespace, dataConverter: dataConverterOf(payloadKeys), interceptors: { workflow: [tracedClient] } }), close: () => connection.close() };
}

/** Limits for a caller that sets none itself: on connecting, and on a call with all its tries. */
export type Within = { connectMs: number; callMs: number };

/** The outermost: the deadline holds for all tries together. */
const deadlineOf = (callMs: number): Interceptor => (options, nextCall) => nextCall({ ...options, deadline: options.deadline ?? Date.now() + callMs }) as ReturnType<Interceptor>;
