import type { DescMethodUnary, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type { Transport } from '@connectrpc/connect';
import type { Ctx } from '../context.ts';
import type { CalleePolicy } from '../resilience/index.ts';
import { inSpan, SpanKind } from '../tracing/index.ts';
import { toHeaders } from './call-headers.ts';
import { fromMessage, toMessage } from './convert.ts';
import { type CallObserver, observed } from './observed.ts';
import { fromStatus } from './problem.ts';
import type { ServiceTokens } from './service-token.ts';
import type { Rpc, RpcTable } from './table.ts';

/** The way to one service: over HTTP/2, or in memory within one process. */
export type Channel = {
  callee: string;
  readonly transport: Transport;
  tokens: ServiceTokens;
  policy: CalleePolicy;
  observe?: CallObserver | undefined;
};

/**
 * A service as others see it: the verbs of its table, each with the input and the answer that the verb itself has.
 * Reads are tried again as the policy of the callee says, commands go once. What the callee refuses is thrown as the
 * DomainError that it threw; `service_timeout`, `service_unavailable`, `service_busy` or `circuit_open` when it
 * could not be asked.
 */
export function rpcClient<D extends DescService, T extends RpcTable<D>, S>(
  desc: D,
  table: T,
  channel: Channel,
): Pick<S, keyof T & keyof S> {
  const verbs = Object.entries(table).map(([verb, rpc]) => [verb, callOf(desc, rpc, channel)]);
  return Object.fromEntries(verbs) as Pick<S, keyof T & keyof S>;
}

function callOf<D extends DescService>(desc: D, rpc: Rpc<D>, channel: Channel) {
  const { callee, tokens, policy, observe } = channel;
  const method = desc.method[rpc.method] as DescMethodUnary;
  const retryable = method.idempotency === Idempotency.NO_SIDE_EFFECTS;
  const name = `${desc.typeName}/${method.name}`;
  const span = { kind: SpanKind.CLIENT, attributes: { 'rpc.system.name': 'grpc', 'rpc.method': name } };

  return async (call: { ctx: Ctx; key?: string; input: object }): Promise<unknown> => {
    const request = toMessage(method.input, call.input);
    const attempt = async (timeoutMs: number) => {
      const headers = toHeaders(call);
      headers.set('authorization', `Bearer ${await tokens(callee)}`);
      try {
        const { message } = await channel.transport.unary(method, undefined, timeoutMs, headers, request);
        const answer = fromMessage(method.output, message);
        return rpc.result === undefined ? answer : answer[rpc.result];
      } catch (error) {
        throw fromStatus(callee, error);
      }
    };
    return inSpan(name, span, () => observed(observe, method.name, () => policy.run({ retryable }, attempt)));
  };
}
