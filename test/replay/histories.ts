import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('histories/', import.meta.url));

type Payload = { data?: string };
type Event = {
  workflowExecutionStartedEventAttributes?: { workflowType?: { name?: string }; workflowId?: string };
  workflowExecutionCompletedEventAttributes?: { result?: { payloads?: Payload[] } };
};

/** A committed history: `<version>-<scenario>.json`. */
export type Recorded = {
  file: string;
  version: string;
  scenario: string;
  workflowId: string;
  workflowType: string;
  /** What the run answered. */
  result: { outcome?: string };
  json: unknown;
};

export function historyPath(named: { version: string; scenario: string }): string {
  return `${FOLDER}${named.version}-${named.scenario}.json`;
}

/** Every committed history, of every version. */
export function recordedHistories(): Recorded[] {
  return readdirSync(FOLDER).filter((file) => file.endsWith('.json')).toSorted().map(read);
}

function read(file: string): Recorded {
  const [, version = '', scenario = ''] = /^(\d+\.\d+\.\d+)-(.+)\.json$/.exec(file) ?? [];
  const json = JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')) as { events?: Event[] };
  const start = json.events?.[0]?.workflowExecutionStartedEventAttributes;
  const data = json.events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0]?.data ?? '';
  const result = (data ? JSON.parse(Buffer.from(data, 'base64').toString('utf8')) : {}) as Recorded['result'];
  return { file, version, scenario, workflowId: start?.workflowId ?? '', workflowType: start?.workflowType?.name ?? '', result, json };
}
