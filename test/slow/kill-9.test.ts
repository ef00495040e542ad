// Real: the whole application as a process, its PostgreSQL, Temporal, mailbox and files, and the kill. No stand-ins.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { enrolThroughKill } from '../once/kill-round.ts';
import { KillableApp } from '../once/killable-app.ts';

const TIMEOUT = { timeout: 300_000 };

describe('when the whole process is killed with kill -9 in the middle of 20 enrollments and started again', () => {
  const app = new KillableApp();
  beforeAll(() => app.start(), 120_000);
  afterAll(() => app.remove(), 60_000);

  it.for([0, 5, 15, 20])('ends all 20 right: killed after %i answers', TIMEOUT, async (afterAnswers) => {
    await enrolThroughKill(app, { afterAnswers, kill: () => app.killAndStart({ servers: 'left' }) });
  });

  it('ends all 20 right: killed again and again while it recovers', TIMEOUT, async () => {
    const kill = async () => {
      for (const servers of ['left', 'killed', 'awaited'] as const) await app.killAndStart({ servers });
    };
    await enrolThroughKill(app, { afterAnswers: 3, kill });
  });
});
