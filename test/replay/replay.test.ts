import { Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { installTemporalLog } from '../../runtime/logging.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { testLog } from '../support/log.ts';
import { recordedHistories } from './histories.ts';
import { SCENARIOS } from './scenarios.ts';

installTemporalLog(testLog);

const OUTCOMES = ['active', 'screen_failed', 'declined', 'cap_reached', 'expired', 'withdrawn', 'voided'];

// Needs no server: the committed histories and the workflow code as it is now.
describe('open enrollments survive a change of the code', () => {
  const histories = recordedHistories();

  it.each(histories)('$file replays', async ({ json, workflowId }) => {
    await Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundlePath') }, dataConverter: dataConverterOf(TEST_SECRETS.payloadKeys) }, json, workflowId);
  });

  it('every scenario has a history, whose run came to the outcome that the scenario is for', () => {
    for (const { name, outcome, workflowType } of SCENARIOS) {
      const recorded = histories.filter(({ scenario }) => scenario === name);
      expect(recorded, `record ${name}`).not.toHaveLength(0);
      for (const { result, workflowType: type } of recorded) expect({ type, outcome: result.outcome ?? null }).toEqual({ type: workflowType, outcome });
    }
  });

  it('every history belongs to a scenario', () => {
    const names = SCENARIOS.map(({ name }) => name);
    for (const { scenario, file } of histories) expect(names, file).toContain(scenario);
  });

  it('every outcome has a history', () => {
    expect(histories.map(({ result }) => result.outcome)).toEqual(expect.arrayContaining(OUTCOMES));
  });

  it('no history tells of the machine that recorded it', () => {
    for (const { json, file } of histories) expect(JSON.stringify(json), file).not.toMatch(/\d+@|\/(home|root|work|Users)\//);
  });
});
