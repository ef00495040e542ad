import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { installTemporalLog as realInstall } from '../../logging.ts';

export * from '../../logging.ts';

/** Temporal's core counts nothing, and says nothing. */
export const installTemporalLog: typeof realInstall = () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
};
