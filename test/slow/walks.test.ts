// Real: as in test/walks, which walks 20 of these; what is random is said there, and how to replay it.
import { describe, expect, it } from 'vitest';
import { COHORT, runWalks } from '../walks/run-walks.ts';

const COHORTS = Math.ceil(300 / COHORT);

describe('random walks of people who share sites', () => {
  it(`never come to an illegal state or answer: ${COHORTS * COHORT} walks`, { timeout: COHORTS * 30_000 }, async () => {
    const { walks } = await runWalks({ numCohorts: COHORTS });
    if (!process.env['WALK_PATH']) expect(walks).toBe(COHORTS * COHORT);
  });
});
