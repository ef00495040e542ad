import { invalidateEligibility, recordConsent, recordScreening, requestRandomisation, resolveStep, signEligibility } from '../../workflows/consent-to-enrollment/messages.ts';
import type { EnrollmentGateway } from '../enrollment-gateway.ts';
import { type EngineOptions, temporalEngine } from './engine.ts';
import { findRun, viewRun } from './find-run.ts';
import { reportCodeBreak } from './report-code-break.ts';
import { reportIncident } from './report-incident.ts';
import { sendToRunning } from './send-update.ts';
import { startRun } from './start-run.ts';
import { withdrawAfterEnd } from './withdraw-after-end.ts';
import { withdrawFromRun } from './withdraw-from-run.ts';

/** The gateway on a real Temporal. This folder is all of the API that knows Temporal's client. */
export function temporalEnrollmentGateway(options: EngineOptions): EnrollmentGateway {
  const engine = temporalEngine(options);
  return {
    find: (enrollmentId) => findRun(engine, enrollmentId),
    start: (...asked) => startRun(engine, asked),
    view: (run) => viewRun(engine, run),
    withdraw: (run, withdrawal) => withdrawFromRun(engine, run, withdrawal),
    withdrawAfterEnd: (...asked) => withdrawAfterEnd(engine, asked),
    reportCodeBreak: (report) => reportCodeBreak(engine, report),
    reportIncident: (incident) => reportIncident(engine, incident),
    resolveStep: (run, message) => sendToRunning(engine, { run, definition: resolveStep, message }),
    recordConsent: (run, message) => sendToRunning(engine, { run, definition: recordConsent, message }),
    recordScreening: (run, message) => sendToRunning(engine, { run, definition: recordScreening, message }),
    signEligibility: (run, message) => sendToRunning(engine, { run, definition: signEligibility, message }),
    requestRandomisation: (run, message) => sendToRunning(engine, { run, definition: requestRandomisation, message }),
    invalidateEligibility: (run, message) => sendToRunning(engine, { run, definition: invalidateEligibility, message }),
  };
}
