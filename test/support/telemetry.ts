// For every test process, before its first file: traces as in the real ones. Only what comes in a recorded trace is
// recorded, so that the tests that look at none do not pay for it.
import { startTelemetry, type Telemetry } from '../../runtime/telemetry/start-telemetry.ts';
import { testLog } from './log.ts';

const once = globalThis as { testTelemetry?: Telemetry };

once.testTelemetry ??= startTelemetry({ serviceName: 'test', sampleRatio: 0, keep: true, log: testLog });

/** Outlives the systems of one process, which would stop it. */
export const telemetry: Telemetry = { ...once.testTelemetry, stop: () => Promise.resolve() };
