import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { DirectStudy } from '../support/scenario.ts';
import type { TestSystem } from '../support/system.ts';
import { decodedHistoryOf } from '../support/decoded-history.ts';

/** What really stands in the tables about one enrollment, whatever REST says. */
export function evidenceOf({ database: { sql }, mailbox }: TestSystem, enrollmentId: string) {
  const one = async (rows: Promise<{ value: string }[]>) => (await rows).map(({ value }) => value);
  return {
    slots: () => one(sql<{ value: string }[]>`select status as value from site.slots where enrollment_id = ${enrollmentId} order by id`),
    casebook: () => one(sql<{ value: string }[]>`select status as value from edc.casebooks where enrollment_id = ${enrollmentId}`),
    epro: () => one(sql<{ value: string }[]>`select status as value from edc.epro_schedules where enrollment_id = ${enrollmentId}`),
    consents: () => one(sql<{ value: string }[]>`select validity as value from patient.consents where enrollment_id = ${enrollmentId} order by id`),
    deviations: () => one(sql<{ value: string }[]>`select category as value from study.deviations where enrollment_id = ${enrollmentId}`),
    milestones: () => one(sql<{ value: string }[]>`select event as value from study.milestones where enrollment_id = ${enrollmentId} order by id`),
    log: () => sql`select subject_number, outcome, closed_at is not null as closed from study.screening_log where enrollment_id = ${enrollmentId}`,
    /** Revisions of the record never go back: the highest one that was ever written is the one that stands. */
    revision: async () => Number((await sql`select revision from study.enrollments where id = ${enrollmentId}`)[0]?.['revision']),
    /** Each mail that the SMTP server took: `kind to recipient`, sorted. */
    mails: async () => {
      const rows = await sql`select kind, recipient, message_id from notification.messages where enrollment_id = ${enrollmentId}`;
      const arrived = (await mailbox.messages()).map((mail) => mail.messageId);
      return rows
        .flatMap((row) => arrived.filter((id) => id === row['message_id']).map(() => `${String(row['kind'])} to ${String(row['recipient'])}`))
        .sort();
    },
    activations: () => sql`select a.reserved, a.confirmed from site.activations a join study.enrollments e on e.study_id = a.study_id where e.id = ${enrollmentId}`,
  };
}

/** The run of an enrollment, as Temporal knows it. */
export function runOf(at: TestSystem, study: DirectStudy, patientId: string) {
  return at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`);
}

/** Ids of the enrollments that Temporal's list shows for a query. */
export async function listed(at: TestSystem, query: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const run of at.system.client.workflow.list({ query, pageSize: 100 })) ids.push(run.workflowId);
  return ids;
}

type Metadata = { currentDetails?: string };

/** The current details of the case page, as the Temporal UI asks for them. */
export async function currentDetailsOf(at: TestSystem, workflowId: string): Promise<string> {
  const metadata = await at.system.client.workflow.getHandle(workflowId).query<Metadata>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

/** Summaries of the activities that a run has scheduled, in their order. */
export async function summariesOf(at: TestSystem, workflowId: string): Promise<string[]> {
  const { events } = await decodedHistoryOf(at.system.client, workflowId);
  return (events ?? []).flatMap((event) => {
    const data = event.activityTaskScheduledEventAttributes ? event.userMetadata?.summary?.data : undefined;
    return data ? [String(JSON.parse(Buffer.from(data).toString()))] : [];
  });
}

/**
 * Everything of a system's runs that the Temporal UI shows without anybody opening a payload: ids, search attributes,
 * summaries, details, current details, failures; opened, as it is for whoever may read them. One text for each run.
 */
export async function plaintextOfRuns(at: TestSystem): Promise<{ workflowId: string; text: string }[]> {
  const texts: { workflowId: string; text: string }[] = [];
  for await (const run of at.system.client.workflow.list({ pageSize: 200 })) {
    const { workflowId, runId, searchAttributes } = run;
    const history = await decodedHistoryOf(at.system.client, workflowId, runId);
    const text = JSON.stringify([workflowId, searchAttributes, plaintextOf(history), await currentDetailsOf(at, workflowId)]);
    texts.push({ workflowId, text });
  }
  return texts;
}

/** Payloads that a codec encodes: inputs, results, headers. What is left stays readable in Temporal. */
const ENCODED = new Set(['input', 'result', 'results', 'header', 'args', 'lastHeartbeatDetails', 'outcome']);

function plaintextOf(history: History): unknown {
  return readable(JSON.parse(historyToJSON(history)) as unknown, undefined);
}

function readable(value: unknown, name: string | undefined): unknown {
  if (name === 'outcome' && value && typeof value === 'object' && 'failure' in value) return readable(value.failure, 'failure');
  if (name !== undefined && ENCODED.has(name)) return undefined;
  if (Array.isArray(value)) return value.map((item) => readable(item, undefined));
  if (!value || typeof value !== 'object') return value;
  // Search attributes and summaries are payloads, but ours to keep clean.
  if ('data' in value && typeof value.data === 'string') return Buffer.from(value.data, 'base64').toString();
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item, key)]));
}
