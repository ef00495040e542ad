import { resourceFromAttributes } from '@opentelemetry/resources';
import type { startLogAndTraces as realStart } from '../../telemetry/of-config.ts';
import { createLog, installTemporalLog } from '../../logging.ts';

/** No line, no span, no SDK. */
export const startLogAndTraces: typeof realStart = () => {
  const log = createLog('silent');
  installTemporalLog(log);
  return { log, telemetry: { kept: undefined, ended: () => undefined, resource: resourceFromAttributes({}), stop: () => Promise.resolve() } };
};
