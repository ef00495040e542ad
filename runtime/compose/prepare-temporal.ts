import { setTimeout as delay } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { StartupError } from '../embedded/startup-error.ts';
import { ensureSearchAttributes } from '../search-attributes.ts';
import type { TemporalSettings } from '../temporal-client.ts';

/** How long what has ended can be looked up in Temporal; the record itself stands in the services' databases. */
const RETENTION = '90 days';
/** Of gRPC. */
const ALREADY_EXISTS: unknown = 6;

/** The namespace, with its retention, and the search attributes. Safe to repeat. Throws StartupError when Temporal doesn't answer. */
export async function prepareTemporal(temporal: TemporalSettings): Promise<void> {
  const connection = await Connection.connect({ ...temporal.connection, connectTimeout: '10s' }).catch((cause: unknown) => {
    throw new StartupError({ code: 'dependency_unreachable', message: `Temporal does not answer at ${temporal.connection.address ?? 'its address'}.`, cause });
  });
  try {
    await connection.withDeadline(Date.now() + 10_000, () =>
      connection.workflowService.registerNamespace({
        namespace: temporal.namespace,
        description: 'Enrollments of clinical trials',
        workflowExecutionRetentionPeriod: msToTs(RETENTION),
      }),
    );
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== ALREADY_EXISTS) throw error;
  } finally {
    await connection.close();
  }
  await attributesWithin(60_000, temporal);
}

/** Another machine of the cluster, or another part of this one, may know of a new namespace only seconds later. */
async function attributesWithin(ms: number, temporal: TemporalSettings): Promise<void> {
  const deadline = Date.now() + ms;
  for (;;) {
    try {
      return await ensureSearchAttributes(temporal);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(1000);
    }
  }
}
