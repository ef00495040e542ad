import { randomUUID } from 'node:crypto';
import { workflowIdOf } from '../../../workflows/consent-to-enrollment/messages.ts';
import type { EnrollmentResult } from '../../../workflows/consent-to-enrollment/types.ts';
import { restClient } from '../../demo/rest.ts';
import { throughput } from '../statistics.ts';
import { type BenchStudy, setUpBenchStudy } from '../study.ts';
import { type BenchSystem, startBenchSystem } from '../system.ts';
import { unchain } from '../without/unchain.ts';
import type { FromSide, ToSide } from './messages.ts';

/** A system in a process of its own, driven over IPC; it ends with its parent, and its servers with it. */
process.once('disconnect', () => process.exit(1));
process.on('message', (asked: ToSide) => {
  carryOut(asked).then(
    (done) => tell({ done }),
    (error: unknown) => tell({ failed: error instanceof Error ? (error.stack ?? error.message) : 'unknown' }),
  );
});

const tell = (message: FromSide) => process.send?.(message);
let side: { at: BenchSystem; study: BenchStudy; waiting: string[] };

async function carryOut(asked: ToSide): Promise<{ perSecond?: number }> {
  if ('start' in asked) {
    const { dir, told, protected: isProtected } = asked.start;
    const environment: Record<string, string> = told ? { LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_ENDPOINT: told.otlpEndpoint } : {};
    const at = await startBenchSystem(dir, { environment, ...(isProtected ? {} : { onDatabase: unchain, unsealed: true }) });
    side = { at, study: await setUpBenchStudy(at), waiting: [] };
    return {};
  }
  if ('register' in asked) {
    side.waiting = await side.study.register(asked.register);
    return {};
  }
  if ('run' in asked) return { perSecond: await enrolAll(asked.run.inFlight) };
  await side.at.stop();
  return {};
}

/** From the request of a clinician, whose token is of this moment, to the outcome. */
async function enrolAll(inFlight: number): Promise<number> {
  const { at, study, waiting } = side;
  const clinician = restClient({ url: at.system.url, token: await study.clinicianToken() });
  return throughput({ count: waiting.length, inFlight }, async (index) => {
    const patientId = waiting[index]!;
    await clinician.post('/enrollments', study.body(patientId), randomUUID());
    const run = at.system.client.workflow.getHandle(workflowIdOf({ studyCode: study.codes.study, patientId }));
    const { outcome } = (await run.result()) as EnrollmentResult;
    if (outcome !== 'active') throw new Error(`an enrollment of the bench ended as ${outcome}`);
  });
}
