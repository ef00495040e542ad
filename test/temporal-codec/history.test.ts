import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import proto, { type temporal } from '@temporalio/proto';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';
import { eventually, Faults } from '../enrollment/faults.ts';
import { directStudy, type DirectStudy } from '../support/scenario.ts';
import { memoryRing, TEST_SECRETS } from '../support/secrets.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

const MARK = 'WITNESSQZX77';
const faults = new Faults();
let at: TestSystem;
let study: DirectStudy;
let workflowId: string;
let history: temporal.api.history.v1.IHistory;

beforeAll(async () => {
  at = await startTestSystem({ interceptors: faults.interceptors });
  study = await directStudy(at, { cap: 20 });
  const patientId = await study.register();
  const hold = faults.hold('openCasebook', 'before', patientId);
  const body = study.body(patientId) as unknown as { consent: { signers: { name: string }[] } };
  body.consent.signers[0]!.name = MARK;
  const { body: answer } = await study.clinician.post<{ enrollmentId: string }>('/enrollments', body);
  await study.clinician.post(`/enrollments/${answer.enrollmentId}/withdrawal`, { scope: 'all_data_collection', decidedBy: 'participant', reason: `because of ${MARK}` });
  await hold.release();
  await study.until(answer.enrollmentId, (now) => now.outcome !== undefined);
  workflowId = `enrollment/${study.studyCode}/${patientId}`;
  await eventually('the run has ended', async () => (await at.system.client.workflow.getHandle(workflowId).describe()).status.name === 'COMPLETED');
  history = await at.system.client.workflow.getHandle(workflowId).fetchHistory();
}, 60_000);
afterAll(async () => {
  await faults.clear();
  await at.stop();
});

it('of a whole run nothing that people said stands in its history', () => {
  const bytes = Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish());
  for (const mark of [MARK, 'Doctor One', 'because of', 'all_data_collection', 'I attest']) {
    expect(bytes.includes(mark), mark).toBe(false);
    expect(bytes.includes(Buffer.from(mark).toString('base64').slice(0, -4)), `${mark} in base64`).toBe(false);
  }
  // What it is searched and counted by does.
  expect(bytes.includes(study.studyCode)).toBe(true);
});

it('every payload of it but what is there to be displayed is sealed and bound to its workflow', () => {
  const seen: string[] = [];
  const displayed: string[] = [];
  const walk = (node: unknown): void => {
    if (node === null || typeof node !== 'object' || node instanceof Uint8Array) return;
    const { metadata, data } = node as temporal.api.common.v1.IPayload;
    const encoding = Buffer.from(metadata?.['encoding'] ?? []).toString();
    if (metadata && data && encoding === 'json/plain') displayed.push(Buffer.from(data).toString());
    else if (metadata && data) seen.push(`${encoding} ${Buffer.from(metadata['workflow-id'] ?? []).toString()}`);
    // Search attributes are what Temporal itself reads.
    for (const [name, child] of Object.entries(node)) if (name !== 'searchAttributes' && name !== 'indexedFields') walk(child);
  };
  walk(history);
  expect(seen.length).toBeGreaterThan(10);
  expect([...new Set(seen)]).toEqual([`binary/encrypted ${workflowId}`]);
  // Summaries, details, memo: texts that are ours, by themselves.
  expect(displayed.every((shown) => typeof JSON.parse(shown) === 'string')).toBe(true);
  expect(displayed.some((shown) => shown.includes('Record the signed consent'))).toBe(true);
});

it('it replays with the key, and says which one is missing without', async () => {
  const options = { workflowBundle: { codePath: inject('workflowBundlePath') } };
  await Worker.runReplayHistory({ ...options, dataConverter: dataConverterOf(TEST_SECRETS.payloadKeys) }, history, workflowId);
  await expect(Worker.runReplayHistory({ ...options, dataConverter: dataConverterOf(memoryRing('another')) }, history, workflowId)).rejects.toThrow();
});
