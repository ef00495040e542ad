// Real: PostgreSQL, Temporal, SMTP, the REST API over HTTP. No stand-ins.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectInvariants } from '../support/invariants.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { raceForPlaces } from './cap-round.ts';

const ROUNDS = 20;

describe('sixty people at once on a cap of ten, twenty times in a row', () => {
  let at: TestSystem;

  beforeAll(async () => {
    at = await startTestSystem();
  });
  afterAll(() => at.stop());

  it.for(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
    'leaves exactly ten active, and refuses the others for the cap: round %i',
    { timeout: 120_000 },
    async () => {
      await raceForPlaces(at, { people: 60, cap: 10 });
      // Every one of the sixty is told of the outcome after it is recorded.
      await expectInvariants(at, { withinMs: 30_000 });
    },
  );
});
