import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { FaultPlan } from '../faults/fault-plan.ts';
import { historyPath } from './histories.ts';
import { startRecordingSystem } from './recording-system.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scene.ts';

/** `node test/replay/record.ts SCENARIO… [--force]`: leads each scenario to its end and keeps its history; see docs/replay.md. */
const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: { force: { type: 'boolean', default: false } } });
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
const wanted = positionals.includes('all') ? [...SCENARIOS] : SCENARIOS.filter(({ name }) => positionals.includes(name));
const unknown = positionals.filter((name) => name !== 'all' && !SCENARIOS.some((scenario) => scenario.name === name));
const recorded = wanted.filter(({ name }) => existsSync(historyPath({ version, scenario: name })));

if (wanted.length === 0 || unknown.length > 0) {
  console.error(`usage: node test/replay/record.ts SCENARIO… | all [--force]\nscenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
} else if (recorded.length > 0 && !flags.force) {
  console.error(`recorded already: ${recorded.map(({ name }) => name).join(', ')}. A released history is never recorded again (docs/replay.md); --force is for what was not released yet.`);
  process.exit(1);
} else {
  await recordAll(wanted);
}

async function recordAll(scenarios: Scenario[]): Promise<void> {
  const plan = new FaultPlan();
  const at = await startRecordingSystem(plan);
  try {
    for (const scenario of scenarios) {
      const workflowId = await scenario.produce(at, plan);
      const handle = at.system.client.workflow.getHandle(workflowId);
      await handle.result();
      const history = withoutTraces(historyToJSON(await handle.fetchHistory()));
      await writeFile(historyPath({ version, scenario: scenario.name }), `${history}\n`);
      console.log(`recorded ${version}-${scenario.name}`);
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
