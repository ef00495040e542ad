import type { DescService } from '@bufbuild/protobuf';
import type { Caller } from './service-token.ts';

/** How a verb of a service is reached by others. */
export type Rpc<D extends DescService> = {
  method: keyof D['method'] & string;
  /** Who may call it; anybody else is refused with PERMISSION_DENIED. */
  callers: readonly Caller[];
  /** The field of the response that holds what the verb answers; absent where the fields of both are the same. */
  result?: string;
};

export type RpcTable<D extends DescService> = Readonly<Record<string, Rpc<D>>>;

/** The verbs of a service that others may call, by name. What is not in it can't be called from outside. */
export function rpcTable<D extends DescService, const T extends RpcTable<D>>(_service: D, table: T): T {
  return table;
}
