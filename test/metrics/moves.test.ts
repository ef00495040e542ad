import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directStudy, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { look } from './shown.ts';

let app: TestSystem;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-metrics-'));
  app = await startTestSystem({ shown: { metricsFreshMs: 0, seals: { everyMs: 200, dir } }, watch: { everyMs: 3000, escalateAfterMs: 60_000 } });
});
afterAll(async () => {
  await app.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('metrics', () => {
  it('dump', async () => {
    const study = await directStudy(app, { cap: 1 });
    const first = await study.enrol(await study.register());
    await study.until(first.body.enrollmentId, ({ outcome }) => outcome === 'active');
    const screened = await directStudy(app, { protocol: SCREENED_PROTOCOL });
    const second = await screened.enrol(await screened.register());
    await screened.until(second.body.enrollmentId, ({ awaiting }) => awaiting !== undefined && awaiting !== null);
    await screened.withdraw(second.body.enrollmentId);
    await screened.until(second.body.enrollmentId, ({ outcome }) => outcome === 'declined');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    writeFileSync('/tmp/metrics-a.txt', (await look(app.url)).text);
    writeFileSync('/tmp/metrics-b.txt', (await look(app.url, '/metrics', 'application/openmetrics-text')).text);
    writeFileSync('/tmp/metrics-c.txt', (await look(app.url, '/metrics/temporal')).text);
    writeFileSync('/tmp/metrics-a2.txt', (await look(app.url)).text);
    expect(first.status).toBeLessThan(300);
  });
});
