import { replaceModules } from '../stand-ins.ts';

/**
 * `node --import` this, and the process tells nothing of what it does: stand-ins for what makes spans, counts calls and
 * requests and writes lines, for the side that the cost of telemetry is measured against.
 */
replaceModules(import.meta.url, {
  'services/common/tracing/in-span.ts': 'in-span.ts',
  'services/common/rpc/observed.ts': 'observed.ts',
  'db/traced.ts': 'traced.ts',
  'api/metrics.ts': 'metrics.ts',
  'api/request-log.ts': 'request-log.ts',
  'runtime/logging.ts': 'logging.ts',
  'runtime/telemetry/activity-interceptor.ts': 'activity-interceptor.ts',
  'runtime/telemetry/client-interceptor.ts': 'client-interceptor.ts',
  'runtime/telemetry/of-config.ts': 'of-config.ts',
  'runtime/workflow-bundle.ts': 'workflow-bundle.ts',
});
