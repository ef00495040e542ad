// A process with all workers, for a test that kills it: driven over IPC by worker-child.ts, and ends with its parent.
import { NativeConnection } from '@temporalio/worker';
import { installTemporalLog } from '../../runtime/logging.ts';
import { sharedServiceKeys } from '../../runtime/rpc/keys.ts';
import { composeServices } from '../../runtime/services.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';
import { startWorkers } from '../../runtime/workers.ts';
import { createMailer } from '../../services/notification/index.ts';
import { testLog } from '../support/log.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import { FaultPlan, fails, holdsAfterEffect } from './fault-plan.ts';
import type { FromParent, ToParent, WorkersOptions } from './worker-child.ts';

const plan = new FaultPlan();
const tell = (message: ToParent) => process.send?.(message);

process.once('disconnect', () => process.exit(1));
process.on('message', (message: FromParent) => {
  if ('start' in message) void start(message.start);
  else {
    for (const { patientId, activity, mode } of message.arm) {
      plan.arm({ patientId, activity }, mode === 'fails' ? fails : holdsAfterEffect(() => tell({ holding: { patientId, activity } })));
    }
    tell({ armed: true });
  }
});

async function start({ temporalAddress, workflowBundlePath, smtpUrl, serviceKeysFile, databaseUrls }: WorkersOptions): Promise<void> {
  installTemporalLog(testLog);
  const { services } = await composeServices({
    databaseUrls,
    databaseTimeoutMs: 5000,
    secrets: TEST_SECRETS,
    serviceKeys: await sharedServiceKeys(serviceKeysFile),
    clock: () => new Date(),
    mailer: createMailer({ smtpUrl, from: 'trial@trial.example', timeoutMs: 3000 }),
    opsEmail: 'ops@trial.example',
    callDeadlineMs: 2000,
    edgeDeadlineMs: 10_000,
  });
  const connection = await NativeConnection.connect({ address: temporalAddress });
  await startWorkers({
    connection,
    namespace: 'default',
    dataConverter: dataConverterOf(TEST_SECRETS.payloadKeys),
    services,
    workflowBundlePath,
    onUnexpected: (activity, error) => testLog.error({ activity, name: error instanceof Error ? error.name : typeof error }, 'unexpected'),
    interceptors: plan.interceptors,
    log: testLog,
  });
  tell({ ready: true });
}
