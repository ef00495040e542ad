import { randomUUID } from 'node:crypto';
import { decodeBinaryHeader, encodeBinaryHeader } from '@connectrpc/connect';
import type { Actor, Ctx, Origin } from '../context.ts';
import { DomainError } from '../errors.ts';
import { fromWire, toWire, type WireAuthority } from './wire-authority.ts';
import { CallContextSchema } from './common_pb.js';
import { type TraceHeaders, traceHeaders } from '../tracing/index.ts';
import { fromMessage, toMessage } from './convert.ts';

const CONTEXT = 'call-context-bin';
const REQUEST_ID = 'x-request-id';
const KEY = 'idempotency-key';

/** What travels beside a call: who acts and why, by which request, under which key, in which trace (W3C Trace Context). */
export function toHeaders({ ctx, key }: { ctx: Ctx; key?: string }): Headers {
  const { actor, requestId, reason, authority, assertion, origin } = ctx;
  const headers = new Headers({ [CONTEXT]: encodeBinaryHeader(toMessage(CallContextSchema, { actor, reason, authority: authority && toWire(authority), assertion, origin }), CallContextSchema) });
  // Header values are ASCII; ids and keys of callers may not be.
  headers.set(REQUEST_ID, encodeURIComponent(requestId));
  if (key !== undefined) headers.set(KEY, encodeURIComponent(key));
  for (const [name, value] of Object.entries(traceHeaders())) headers.set(name, value);
  return headers;
}

type Told = { actor: Actor; reason?: string; authority?: WireAuthority; assertion?: string; origin?: Origin };

/** Who acts; a caller that names nobody acts itself. Throws `call_context_invalid`. */
export function ctxOfHeaders(headers: Headers, caller: string): Ctx {
  const requestId = decoded(headers, REQUEST_ID) ?? randomUUID();
  const given = headers.get(CONTEXT);
  if (given === null) return { actor: { kind: 'service', service: caller }, requestId };
  const { actor, reason, authority, assertion, origin } = fromMessage(CallContextSchema, contextOf(given)) as Told;
  if (actor === undefined) throw invalid(CONTEXT);
  return {
    actor,
    requestId,
    ...(reason === undefined ? {} : { reason }),
    ...(authority === undefined ? {} : { authority: fromWire(authority) }),
    ...(assertion === undefined ? {} : { assertion }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** The key of a command. Throws `idempotency_key_required`. */
export function keyOfHeaders(headers: Headers): string {
  const key = decoded(headers, KEY);
  if (key) return key;
  throw new DomainError('invalid', 'idempotency_key_required', `A command needs a key: send it as the header ${KEY}.`);
}

/** In which trace the caller is. */
export function traceHeadersOf(headers: Headers): Record<keyof TraceHeaders, string | null> {
  return { traceparent: headers.get('traceparent'), tracestate: headers.get('tracestate') };
}

function decoded(headers: Headers, name: string): string | undefined {
  const value = headers.get(name);
  if (value === null) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalid(name);
  }
}

function contextOf(value: string) {
  try {
    return decodeBinaryHeader(value, CallContextSchema);
  } catch {
    throw invalid(CONTEXT);
  }
}

function invalid(name: string): DomainError {
  return new DomainError('invalid', 'call_context_invalid', `The header ${name} can't be read.`);
}
