// Real: PostgreSQL, Temporal, SMTP, the REST API over HTTP, and restarts of all that is ours. Faults stand between
// Temporal and the activities. No stand-ins.
//
// Random interleavings of everything that can be said to an enrollment, against a model of its legal states (state.ts,
// progress.ts, answers.ts): each answer must be legal in some order of the messages of a step (model.ts), and each
// state at rest one that explains the answers. The seed is fixed, and printed; WALK_SEED=random takes a
// fresh one. To replay:
//   WALK_SEED=<seed> [WALK_PATH=<path of the failure>] node test/run.mjs test/walks
// with the WALK_PROTOCOLS that it ran with (names of actions.ts, separated by commas; all by default).
// The actions are the same then; how messages of one moment overtake each other is up to the machine.
import { describe, expect, it } from 'vitest';
import { COHORT, runWalks } from './run-walks.ts';

/** `WALKS=300` for a long one. */
const COHORTS = Math.ceil(Number(process.env['WALKS'] ?? 20) / COHORT);

describe('random walks of people who share sites', () => {
  it(`never come to an illegal state or answer: ${COHORTS * COHORT} walks`, { timeout: 90_000 + COHORTS * 30_000 }, async () => {
    const { walks } = await runWalks({ numCohorts: COHORTS });
    if (!process.env['WALK_PATH']) expect(walks).toBe(COHORTS * COHORT);
  });
});
