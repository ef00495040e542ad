// The random walks of test/walks, three hundred of them. To replay a failure:
//   WALK_SEED=<seed> [WALK_PATH=<path>] node test/run.mjs slow test/slow/walks.test.ts
import { describe, expect, it } from 'vitest';
import { COHORT, runWalks } from '../walks/run-walks.ts';

const WALKS = 300;

describe('random walks of people who share sites', () => {
  it(`never come to an illegal state or answer: ${WALKS} walks`, { timeout: 900_000 }, async () => {
    const { walks } = await runWalks({ numCohorts: Math.ceil(WALKS / COHORT) });
    if (!process.env['WALK_PATH']) expect(walks).toBeGreaterThanOrEqual(WALKS);
  });
});
