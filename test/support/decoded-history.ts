import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

type History = temporal.api.history.v1.IHistory;

/** A run's history as whoever has the payload keys reads it: each sealed payload opened, in its place. */
export async function decodedHistoryOf(client: Client, workflowId: string, runId?: string): Promise<History> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  await open(history, client.options.loadedDataConverter.payloadCodecs);
  return history;
}

async function open(node: unknown, codecs: Client['options']['loadedDataConverter']['payloadCodecs']): Promise<void> {
  if (node === null || typeof node !== 'object' || node instanceof Uint8Array) return;
  const payload = node as Payload;
  if (payload.metadata?.['encoding'] && payload.data) {
    for (const codec of codecs.toReversed()) Object.assign(payload, (await codec.decode([payload]))[0]);
    return;
  }
  await Promise.all(Object.values(node).map((child) => open(child, codecs)));
}
