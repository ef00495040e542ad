// Real: OpenTelemetry's SDK, which is started once per process, so each case is a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ROOTS = 2000;

/** How many of so many traces that begin here are recorded, and whether those of callers are; then how long it takes to end. */
const PROBE = (endpoint: string) => `
const { createLog } = await import('./runtime/logging.ts');
const { startTelemetry } = await import('./runtime/telemetry/start-telemetry.ts');
const { contextOf, inSpan } = await import('./services/common/tracing/index.ts');
const telemetry = startTelemetry({ serviceName: 'test', sampleRatio: 0.1, keep: false, ${endpoint} log: createLog('info') });
const recorded = (options = {}) => inSpan('span', options, async (span) => span.isRecording());
const parent = (flags) => ({ parent: contextOf({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-' + flags }) });
let roots = 0;
for (let root = 0; root < ${ROOTS}; root += 1) roots += (await recorded()) ? 1 : 0;
const told = { roots, ofRecorded: await recorded(parent('01')), ofUnrecorded: await recorded(parent('00')) };
const begun = performance.now();
await telemetry.stop();
process.stderr.write(JSON.stringify({ ...told, stopMs: performance.now() - begun }));
process.exit(0);`;

type Told = { roots: number; ofRecorded: boolean; ofUnrecorded: boolean; stopMs: number };

function probed(endpoint: string): { told: Told; lines: Record<string, unknown>[] } {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROBE(endpoint)], { cwd: ROOT, encoding: 'utf8' });
  return { told: JSON.parse(stderr) as Told, lines: stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>) };
}

it('of traces that begin here so many are recorded as the configuration says; who comes in one has decided', () => {
  const { told, lines } = probed('');
  expect(told).toMatchObject({ ofRecorded: true, ofUnrecorded: false });
  // Six standard deviations of the share around the one that is asked for.
  expect(Math.abs(told.roots / ROOTS - 0.1)).toBeLessThan(0.04);
  expect(lines).toEqual([]);
});

it('a receiver that is away is said once, and holds nothing up', () => {
  // Nobody listens on a port that only root may have.
  const { told, lines } = probed("otlpEndpoint: 'http://127.0.0.1:9',");
  expect(told.roots).toBeGreaterThan(0);
  expect(told.stopMs).toBeLessThan(3000);
  expect(lines).toMatchObject([{ level: 'warn', msg: 'spans could not be sent' }]);
});
