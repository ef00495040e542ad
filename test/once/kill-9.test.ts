// Real: the whole application as a process, its PostgreSQL, Temporal, mailbox and files, and the kill. No stand-ins.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { KillableApp } from './killable-app.ts';
import { enrolThroughKill } from './kill-round.ts';

const TIMEOUT = { timeout: 240_000 };

describe('when the whole process is killed with kill -9 in the middle of 20 enrollments and started again', () => {
  const app = new KillableApp();
  beforeAll(() => app.start(), 120_000);
  afterAll(() => app.remove(), 60_000);

  it('ends all 20 right: killed after the first answer', TIMEOUT, async () => {
    await enrolThroughKill(app, { afterAnswers: 1, kill: () => app.killAndStart() });
  });

  it('ends all 20 right: killed together with its servers, as a container is, when half were answered', TIMEOUT, async () => {
    await enrolThroughKill(app, { afterAnswers: 10, kill: () => app.killAndStart({ servers: 'killed' }) });
  });
});
