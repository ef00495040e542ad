import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createLog, installTemporalLog } from '../logging.ts';
import type { Part } from '../part.ts';
import { startTelemetry, type Telemetry } from './start-telemetry.ts';

/** Of requests in production, so many are recorded without a word of the configuration. */
const IN_PRODUCTION = 0.1;

/** The log and the traces of this process, as the configuration wants them. Once, before anything else is begun. */
export function startLogAndTraces(config: Config, part: Part | 'all'): { log: Logger; telemetry: Telemetry } {
  const development = config.NODE_ENV !== 'production';
  const serviceName = part === 'all' ? 'trial-enrollment' : `trial-enrollment-${part}`;
  const log = createLog(config.LOG_LEVEL, { serviceName });
  installTemporalLog(log);
  const telemetry = startTelemetry({
    serviceName,
    sampleRatio: config.TRACE_SAMPLE_RATIO ?? (development ? 1 : IN_PRODUCTION),
    otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    keep: development && (part === 'all' || part === 'api'),
    log,
  });
  return { log, telemetry };
}
