import { type Client, type ConnectionOptions, defaultGrpcRetryOptions, isGrpcServiceError, makeGrpcRetryInterceptor } from '@temporalio/client';
import { fileKeyRing, KeyFileError, type KeyRing } from '../../db/encryption/key-ring.ts';
import type { Config } from '../../runtime/config.ts';
import { StartupError } from '../../runtime/embedded/startup-error.ts';
import { temporalOfInstallation } from '../../runtime/installation-temporal.ts';
import { keyFiles } from '../../runtime/keys.ts';
import { openTemporalClient, type TemporalSettings } from '../../runtime/temporal-client.ts';
import { WORKFLOW_TYPE } from '../../workflows/consent-to-enrollment/messages.ts';
import { REPORT_WORKFLOW_TYPE } from '../../workflows/report-code-break/messages.ts';
import { INCIDENT_WORKFLOW_TYPE } from '../../workflows/report-incident/messages.ts';
import { WITHDRAWAL_WORKFLOW_TYPE } from '../../workflows/withdraw-participant/messages.ts';
import { readOnly } from './read-only.ts';
import type { Replayable } from './replaying.ts';

const TYPES = [WORKFLOW_TYPE, WITHDRAWAL_WORKFLOW_TYPE, REPORT_WORKFLOW_TYPE, INCIDENT_WORKFLOW_TYPE];
/** Whatever is open: that is what new code has to go on with. */
export const OPEN_RUNS = `ExecutionStatus = 'Running' AND WorkflowType IN (${TYPES.map((type) => `'${type}'`).join(', ')})`;

/** Of gRPC. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const codeOf = ({ code }: { code: number }) => code;
const LARGEST_ANSWER = 128 * 1024 * 1024;

/** The server does not understand the query; says why in the server's own words. */
export class BadQueryError extends Error {
  override readonly name = 'BadQueryError';
}

export type Live = {
  payloadKeys: KeyRing;
  /** Fetched one by one, as they are asked for. */
  histories: AsyncIterable<Replayable>;
  /** More were found than the limit lets through. Known once `histories` has ended. */
  readonly more: boolean;
  close(): Promise<void>;
};

type Interceptors = NonNullable<ConnectionOptions['interceptors']>;
/** `watching` sees every call that leaves. */
type Asked = { query: string; limit: number; watching?: Interceptors };

/** What the query finds on this installation's Temporal, read-only. Throws StartupError, KeyFileError or BadQueryError. */
export async function liveHistories(config: Config, { query, limit, watching = [] }: Asked): Promise<Live> {
  const temporal = temporalOfInstallation(config);
  const payloadKeys = await existingKeys(config.PAYLOAD_KEYS_FILE ?? keyFiles(config.DATA_DIR).payloadKeys);
  const { client, close } = await answering(temporal, () => openTemporalClient(reading(temporal, watching), payloadKeys));
  let more = false;
  const histories = async function* (): AsyncGenerator<Replayable> {
    let count = 0;
    for await (const run of found(client, { temporal, query })) {
      more = count === limit;
      if (more) return;
      const history = await answering(temporal, () => historyOf(client, run));
      // Deleted since it was listed: its retention has ended.
      if (history === null) continue;
      count += 1;
      yield { name: `${run.workflowId} ${run.runId}`, ...run, history };
    }
  };
  return { payloadKeys, histories: histories(), close, get more() { return more; } };
}

function reading({ connection, namespace }: TemporalSettings, watching: Interceptors): TemporalSettings {
  const interceptors = [readOnly, makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 4 })), ...watching];
  return { namespace, connection: { ...connection, interceptors, channelArgs: { ...connection.channelArgs, 'grpc.max_receive_message_length': LARGEST_ANSWER } } };
}

/** Not made when missing, as a start would: with new keys nothing that is there would open. */
async function existingKeys(file: string): Promise<KeyRing> {
  const keys = fileKeyRing(file);
  try {
    await keys.current();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new KeyFileError(`There is no file of payload keys at ${file}: name it with PAYLOAD_KEYS_FILE, or the installation's folder with DATA_DIR.`);
  }
  return keys;
}

type Run = { workflowId: string; runId: string };

async function* found(client: Client, { temporal, query }: { temporal: TemporalSettings; query: string }): AsyncGenerator<Run> {
  const list = client.workflow.list({ query })[Symbol.asyncIterator]();
  for (;;) {
    const next = await answering(temporal, () => list.next());
    if (next.done) return;
    yield { workflowId: next.value.workflowId, runId: next.value.runId };
  }
}

async function historyOf(client: Client, { workflowId, runId }: Run): Promise<unknown> {
  try {
    return await client.workflow.getHandle(workflowId, runId).fetchHistory();
  } catch (error) {
    if (isGrpcServiceError(error) && codeOf(error) === NOT_FOUND) return null;
    throw error;
  }
}

/** A server that is away, or does not want us, is said in a line with what to do. */
async function answering<T>({ connection, namespace }: TemporalSettings, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const cause = isGrpcServiceError(error) ? error : (error as Error).cause;
    if (isGrpcServiceError(cause) && codeOf(cause) === INVALID_ARGUMENT) throw new BadQueryError(cause.details, { cause });
    const why = isGrpcServiceError(cause) ? ` (${cause.details})` : '';
    const message = `Temporal does not answer at ${connection.address ?? 'its address'}, namespace ${namespace}${why}: start it, or correct TEMPORAL_ADDRESS.`;
    throw new StartupError({ code: 'dependency_unreachable', message, cause: error });
  }
}
