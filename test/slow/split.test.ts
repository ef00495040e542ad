// Real: every part of the system as a process of its own, their PostgreSQL, Temporal, mailbox and files, and the kills.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PARTS } from '../../runtime/part.ts';
import { enrolThroughKill } from '../once/kill-round.ts';
import { KillableApp } from '../once/killable-app.ts';
import { childOf, dataFolder, endApps, gone, printed, startApp } from '../start/app-process.ts';
import { caller } from '../support/scenario.ts';

const TIMEOUT = { timeout: 300_000 };
const programOf = (part: string) => new RegExp(`runtime/main\\.ts ${part === 'api' ? 'api' : `worker --service ${part}`}$`);

describe('when a part is killed with kill -9 in the middle of 30 enrollments', () => {
  const app = new KillableApp({ args: ['split'] });
  beforeAll(() => app.start(), 120_000);
  afterAll(() => app.remove(), 60_000);

  it.for(PARTS)('it is started again, and all 30 end right: %s', TIMEOUT, async (part) => {
    const reads = async () => {
      const admin = await caller(app, 'admin');
      if (part !== 'api' && part !== 'study') expect((await admin.get('/studies')).status).toBe(200);
      if (part !== 'api' && part !== 'site') expect((await admin.get('/sites')).status).toBe(200);
    };
    await enrolThroughKill(app, { people: 30, afterAnswers: 5, kill: () => app.killPart(part, reads) });
  });
});

describe('npm run start:split', () => {
  const folder = dataFolder();
  afterEach(endApps);
  afterAll(() => folder.remove());

  it('enrols the same cohort as one process, and SIGTERM ends every part with exit code 0', TIMEOUT, async () => {
    const app = await startApp({ dataDir: folder.path, args: ['split'] });
    await printed(app, 'Stop with Ctrl-C');
    expect(app.stderr()).not.toContain('was not enrolled');
    expect(app.stdout()).toContain('cohort enrolled: 7 active, 1 cap_reached, 1 declined, 1 expired, 1 parked, 1 screen_failed, 1 voided, 1 waiting for a randomisation, 1 waiting for a signature, 1 withdrawn');
    const parts = PARTS.map((part) => childOf(app, programOf(part)).pid);
    app.kill('SIGTERM');
    expect(await app.exit()).toEqual({ code: 0, signal: null });
    await Promise.all(parts.map(gone));
  });

  it('ends with whoever started it, however that ended', TIMEOUT, async () => {
    const app = await startApp({ dataDir: folder.path, args: ['split', '--empty'] });
    const parts = PARTS.map((part) => childOf(app, programOf(part)).pid);
    app.kill('SIGKILL');
    await Promise.all(parts.map(gone));
  });
});
