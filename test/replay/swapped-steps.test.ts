import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installTemporalLog } from '../../runtime/logging.ts';
import { testLog } from '../support/log.ts';
import { recordedHistories } from './histories.ts';
import { neighbourSwaps } from './swap-steps.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';
import { TEST_SECRETS } from '../support/secrets.ts';

installTemporalLog(testLog);

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROCESS = 'workflows/consent-to-enrollment/workflow.ts';
const FUNCTIONS = ['run', 'untilThePivot', 'onceEligible', 'undo'];
/** Bundling and replaying takes seconds, on a busy machine many. */
const TIMEOUT_MS = 180_000;
const silent = () => undefined;

// Proves the histories, not the code: together they must notice a step that is in another place than it was.
describe('swapping any two neighbouring steps turns a history red', () => {
  const source = readFileSync(join(ROOT, PROCESS), 'utf8');
  const swaps = FUNCTIONS.flatMap((name) => neighbourSwaps(source, name));
  const histories = recordedHistories();
  let folder = '';

  beforeAll(async () => {
    // Inside the checkout, so that the copy finds the packages.
    await mkdir(join(ROOT, '.cache'), { recursive: true });
    folder = await mkdtemp(join(ROOT, '.cache', 'replay-'));
    await cp(join(ROOT, 'workflows'), join(folder, 'workflows'), { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds the steps: each function has its neighbours, and an unchanged copy replays', async () => {
    for (const name of FUNCTIONS) expect(neighbourSwaps(source, name).length).toBeGreaterThanOrEqual(2);
    expect(await redOnes(source)).toEqual([]);
  }, TIMEOUT_MS);

  it.each(swaps)('$name', async ({ source: swapped }) => {
    expect(swapped).not.toBe(source);
    expect(await redOnes(swapped, { enough: 1 })).not.toEqual([]);
  }, TIMEOUT_MS);

  /** Which histories the process as in this source does not replay. */
  async function redOnes(changed: string, { enough = Infinity } = {}): Promise<string[]> {
    await writeFile(join(folder, PROCESS), changed);
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: join(folder, 'workflows', 'index.ts'),
      failureConverterPath: join(folder, 'workflows', 'failure-converter.ts'),
      logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    });
    const red: string[] = [];
    for (const { file, json, workflowId } of histories) {
      if (red.length >= enough) break;
      try {
        await Worker.runReplayHistory({ workflowBundle, dataConverter: dataConverterOf(TEST_SECRETS.payloadKeys) }, json, workflowId);
      } catch (error) {
        // Whichever way it shows: a violated order, or code that no longer runs at all.
        expect(error).toBeInstanceOf(Error);
        red.push(file);
      }
    }
    return red;
  }
});
