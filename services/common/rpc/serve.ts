import type { DescMethodUnary, DescService, Message } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import type { Ctx } from '../context.ts';
import { inScope } from '../resilience/index.ts';
import { contextOf, inSpan, SpanKind, subjectsOf, withinFields } from '../tracing/index.ts';
import { ctxOfHeaders, keyOfHeaders, traceHeadersOf } from './call-headers.ts';
import { fromMessage, toMessage } from './convert.ts';
import { type CallObserver, codeOf, observed } from './observed.ts';
import { toStatus } from './problem.ts';
import type { CallerVerifier } from './service-token.ts';
import type { Rpc, RpcTable } from './table.ts';

type Verbs = Record<string, (call: never) => Promise<unknown>>;

/** Told of an error that nobody foresaw: its message may hold personal data, so it goes to our log only. */
export type OnUnexpectedRpc = (method: string, error: unknown) => void;

export type Served<D extends DescService> = {
  desc: D;
  table: RpcTable<D>;
  service: Verbs;
  verify: CallerVerifier;
  onUnexpected: OnUnexpectedRpc;
  observe?: CallObserver | undefined;
};

/** An RPC's answer to a request; throws ConnectError. */
export type Handler = (request: Message, call: Pick<HandlerContext, 'requestHeader' | 'timeoutMs'>) => Promise<Message>;

/**
 * The RPCs of a service by method: its verbs behind them. Whoever calls is known by its token: UNAUTHENTICATED without
 * a valid one, PERMISSION_DENIED for one that may not call this method. The edge calls for people: what it asks for them
 * is held against the policy by the service itself. A foreseen error goes back with its `Problem`.
 */
export function handlersOf<D extends DescService>(served: Served<D>): Record<string, Handler> {
  return Object.fromEntries(Object.entries(served.table).map(([verb, rpc]) => [rpc.method, handlerOf(served, verb, rpc)]));
}

export function serveVerbs<D extends DescService>(router: ConnectRouter, served: Served<D>): void {
  router.service(served.desc, handlersOf(served) as never);
}

function handlerOf<D extends DescService>({ desc, service, verify, onUnexpected, observe }: Served<D>, verb: string, rpc: Rpc<D>): Handler {
  const method = desc.method[rpc.method] as DescMethodUnary;
  const isRead = method.idempotency === Idempotency.NO_SIDE_EFFECTS;
  const run = service[verb]! as (call: unknown) => Promise<unknown>;
  const authorise = service['authorise'] as ((asked: { ctx: Ctx; verb: string; input: unknown }) => Promise<void>) | undefined;
  if (!authorise && rpc.callers.includes('api')) throw new Error(`${desc.typeName} has nothing that authorises what the edge asks for`);

  const answer: Handler = async (request, { requestHeader, timeoutMs }) => {
    const caller = await authenticated(requestHeader, verify);
    if (!rpc.callers.includes(caller)) {
      throw new ConnectError(`${caller} may not call ${method.name}`, Code.PermissionDenied);
    }
    const left = timeoutMs();
    // Nobody waits for the answer any more.
    if (left !== undefined && left <= 0) throw new ConnectError('the time of the call is over', Code.DeadlineExceeded);
    try {
      const ctx = ctxOfHeaders(requestHeader, caller);
      const input = fromMessage(method.input, request);
      const call = isRead ? { ctx, input } : { ctx, key: keyOfHeaders(requestHeader), input };
      if (caller === 'api') await authorise?.({ ctx, verb, input });
      const scope = { deadlineAt: left === undefined ? undefined : Date.now() + left };
      const result = await withinFields({ request_id: ctx.requestId, ...subjectsOf(input) }, () => inScope(scope, () => run(call)));
      return toMessage(method.output, rpc.result === undefined ? (result ?? {}) : { [rpc.result]: result });
    } catch (error) {
      const status = toStatus(error);
      if (status) throw status;
      // Also the status of a call that the verb made: it says nothing about this one.
      onUnexpected(`${desc.typeName}/${method.name}`, error);
      throw new ConnectError('An unexpected error; its cause is in the log of the service.', Code.Internal);
    }
  };
  const name = `${desc.typeName}/${method.name}`;
  const span = { kind: SpanKind.SERVER, codeOf, attributes: { 'rpc.system.name': 'grpc', 'rpc.method': name } };
  return (request, call) => {
    const parent = contextOf(traceHeadersOf(call.requestHeader));
    // Inside of the span: what is counted leads to it.
    return inSpan(name, { ...span, parent }, () => observed(observe, method.name, () => answer(request, call)));
  };
}

async function authenticated(headers: Headers, verify: CallerVerifier) {
  const [, token] = /^Bearer (\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  const caller = token === undefined ? null : await verify(token);
  if (caller === null) throw new ConnectError('a valid service token is needed', Code.Unauthenticated);
  return caller;
}
