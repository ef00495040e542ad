// Real: processes with and without the stand-ins that the cost of telemetry is measured against.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Says what a process tells of what it does: is a span recorded, is a call counted, a request; is a line written. */
const PROBE = `
const { readConfig } = await import('./runtime/config.ts');
const { startLogAndTraces } = await import('./runtime/telemetry/of-config.ts');
const { inSpan } = await import('./services/common/tracing/in-span.ts');
const { observed } = await import('./services/common/rpc/observed.ts');
const { requestMetrics } = await import('./api/metrics.ts');
const { metricsRegistry } = await import('./api/exposition.ts');
const { tracedActivities } = await import('./runtime/telemetry/activity-interceptor.ts');
const { tracedClient } = await import('./runtime/telemetry/client-interceptor.ts');
const { log } = startLogAndTraces(readConfig({ LOG_LEVEL: 'info', TRACE_SAMPLE_RATIO: '1' }), 'all');
const registry = metricsRegistry();
requestMetrics(registry).observe({ method: 'GET', route: '/', status: 200, seconds: 1 });
let calls = 0;
await observed(() => { calls += 1; }, 'method', async () => undefined);
process.stderr.write(JSON.stringify({
  span: await inSpan('span', {}, async (span) => span.isRecording()),
  calls,
  requests: (await registry.getMetricsAsJSON()).some(({ name, values }) => name.startsWith('http_requests') && values.length > 0),
  line: log.isLevelEnabled('info'),
  activities: Object.keys(tracedActivities(log)({ info: {} })).length > 0,
  messages: Object.keys(tracedClient).length > 0,
}));
process.exit(0);`;

function probed(execArgv: string[]): unknown {
  const { stderr } = spawnSync(process.execPath, [...execArgv, '--input-type=module', '-e', PROBE], { cwd: ROOT, encoding: 'utf8' });
  return JSON.parse(stderr);
}

it('the side that tells makes spans, counts and writes lines; the one that does not does none of it', () => {
  expect(probed([])).toEqual({ span: true, calls: 1, requests: true, line: true, activities: true, messages: true });
  expect(probed(['--import', './runtime/bench/untold/preload.ts'])).toEqual({ span: false, calls: 0, requests: false, line: false, activities: false, messages: false });
});
