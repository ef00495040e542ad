import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { FaultPlan } from '../faults/fault-plan.ts';
import { decodedHistoryOf } from '../support/decoded-history.ts';
import { historyPath } from './histories.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scene.ts';

/** Nothing was recorded: what was asked for is not there, or is there already. */
export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';
  readonly why: 'unknown' | 'recorded';

  constructor(why: NotRecordedError['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** Leads each scenario (`all`: every one) to its end and keeps its history under the version in package.json. Throws NotRecordedError. */
export async function record(names: readonly string[], { force, tell }: { force: boolean; tell(text: string): void }): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const unknown = names.filter((name) => name !== 'all' && !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new NotRecordedError('unknown', `no such scenario: ${unknown.join(', ')}. There are: all, ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  const wanted = names.includes('all') ? SCENARIOS : SCENARIOS.filter(({ name }) => names.includes(name));
  const there = wanted.filter(({ name }) => existsSync(historyPath({ version, scenario: name })));
  if (there.length > 0 && !force) {
    throw new NotRecordedError('recorded', `recorded already: ${there.map(({ name }) => name).join(', ')}. A released history is never recorded again (docs/replay.md); --force is for what was not released yet.`);
  }
  await recordAll(wanted, { version, tell });
}

async function recordAll(scenarios: readonly Scenario[], { version, tell }: { version: string; tell(text: string): void }): Promise<void> {
  // Only now: once it is loaded, Temporal's runtime keeps the process alive until it has been used.
  const { startRecordingSystem } = await import('./recording-system.ts');
  const plan = new FaultPlan();
  const at = await startRecordingSystem(plan);
  try {
    for (const scenario of scenarios) {
      const workflowId = await scenario.produce(at, plan);
      const { client } = at.system;
      await client.workflow.getHandle(workflowId).result();
      // Opened: its persons are made up, and whoever reads a change of it should see what has changed.
      const history = withoutTraces(historyToJSON(await decodedHistoryOf(client, workflowId)));
      await writeFile(historyPath({ version, scenario: scenario.name }), `${history}\n`);
      tell(`recorded ${version}-${scenario.name}`);
    }
  } finally {
    await at.stop();
  }
}

/** Takes out what tells of the machine that recorded: names of processes and stack traces. Replay looks at neither. */
function withoutTraces(json: string): string {
  const process = new RegExp(`\\d+@${hostname().replaceAll(/[^\w-]/g, '.')}`, 'g');
  const events = JSON.parse(json.replaceAll(process, 'worker')) as unknown;
  return JSON.stringify(events, (name, value: unknown) => (name === 'stackTrace' ? '' : value), 1);
}
