import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import type { SearchAttributeType } from '../../workflows/search-attributes.ts';
import type { GuardedChild } from './guarded-child.ts';

export const NAMESPACE = 'default';
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 40;
const CALL_TIMEOUT_MS = 2_000;
/** `temporal.api.enums.v1.IndexedValueType` */
export const INDEXED_VALUE_TYPE = { Keyword: 2, Bool: 5, Datetime: 6 } as const satisfies Record<SearchAttributeType, number>;

export type SearchAttributes = Readonly<Record<string, SearchAttributeType>>;

interface ReadyOptions {
  address: string;
  child: Pick<GuardedChild, 'hasExited'>;
  searchAttributes: SearchAttributes;
}

/**
 * Waits until the namespace answers and knows every search attribute (an upsert of an unknown one hangs for ever).
 * False when the server ended meanwhile or did not get there in 30 s.
 */
export async function becomesReady({ address, child, searchAttributes }: ReadyOptions): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!child.hasExited() && Date.now() < deadline) {
    if ((await listens(address)) && (await knowsAll({ address, searchAttributes }))) return true;
    await delay(POLL_MS);
  }
  return false;
}

/** A bare look first: gRPC waits a second after a refused connection. */
export async function listens(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect({ host: hostname, port: Number(port) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function knowsAll({ address, searchAttributes }: Omit<ReadyOptions, 'child'>): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: CALL_TIMEOUT_MS });
    return await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, registerMissing({ connection, searchAttributes }));
  } catch {
    // The namespace is still being made; the caller's deadline bounds the repetition.
    return false;
  } finally {
    await connection?.close();
  }
}

/** The server's own option registers them in a new database only, not in one that an earlier version made. */
function registerMissing({ connection, searchAttributes }: { connection: Connection; searchAttributes: SearchAttributes }): () => Promise<boolean> {
  return async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: NAMESPACE });
    const missing = Object.entries(searchAttributes).filter(([name]) => !(name in customAttributes));
    if (missing.length === 0) return true;
    const types = Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]));
    await connection.operatorService.addSearchAttributes({ namespace: NAMESPACE, searchAttributes: types });
    return false;
  };
}
