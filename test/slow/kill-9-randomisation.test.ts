// Real: the whole application as a process, its PostgreSQL, Temporal, mailbox and files, and the kill. No stand-ins.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { KillableApp } from '../once/killable-app.ts';
import { randomiseThroughKill } from '../once/randomise-round.ts';

const TIMEOUT = { timeout: 300_000 };

describe('when the whole process is killed with kill -9 while 20 participants are being randomised', () => {
  const app = new KillableApp();
  beforeAll(() => app.start(), 120_000);
  afterAll(() => app.remove(), 60_000);

  it.for([0, 1, 8, 19])('each is randomised once, none is left out: killed after %i answers', TIMEOUT, async (afterAnswers) => {
    await randomiseThroughKill(app, { afterAnswers, kill: () => app.killAndStart({ servers: 'left' }) });
  });

  it('each is randomised once, none is left out: killed with its servers', TIMEOUT, async () => {
    await randomiseThroughKill(app, { afterAnswers: 4, kill: () => app.killAndStart({ servers: 'killed' }) });
  });
});
