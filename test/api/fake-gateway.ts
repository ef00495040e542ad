import type { EnrollmentGateway, StartEnrollment } from '../../api/enrollment-gateway.ts';
import type { Services } from '../../runtime/services.ts';
import { DomainError } from '../../services/common/index.ts';
import type { EnrollmentView } from '../../workflows/consent-to-enrollment/types.ts';

export type FakeGateway = EnrollmentGateway & {
  runs: Map<string, StartEnrollment>;
  views: Map<string, EnrollmentView>;
  /** Calls that reached the engine, by name. */
  calls: { name: string; message: unknown }[];
  /** No worker answers: a start is pending, a withdrawal is stored. */
  slow: boolean;
  /** The engine can't be reached. */
  away: boolean;
};

/** Stands in for Temporal: a run records its consent with the real Patient service and then waits. */
export function fakeGateway(clients: Pick<Services, 'patient'>): FakeGateway {
  const away = () => new DomainError('unavailable', 'workflow_engine_unavailable', 'The workflow engine cannot be reached.');
  const viewOf = (enrollmentId: string): EnrollmentView => {
    const view = gateway.views.get(enrollmentId);
    if (!view) throw new DomainError('conflict', 'enrollment_closed', 'The enrollment has its outcome already.');
    return view;
  };
  const sent = (name: string, message: unknown) => {
    if (gateway.away) throw away();
    gateway.calls.push({ name, message });
  };
  const gateway: FakeGateway = {
    runs: new Map(),
    views: new Map(),
    calls: [],
    slow: false,
    away: false,
    start: async (input) => {
      sent('start', input);
      const running = [...gateway.runs.values()].find((run) => run.patientId === input.patientId && run.studyId === input.studyId);
      const run = running ?? input;
      if (run.contentHash !== input.contentHash) throw new DomainError('conflict', 'other_content', 'Other content.');
      const { enrollmentId, patientId, studyId, siteId, capacity, canRead, consent, requestKey, actor, requestId, assertion } = run;
      gateway.runs.set(enrollmentId, run);
      if (gateway.slow) return { kind: 'pending', enrollmentId };
      const { consentId, validity } = await clients.patient.recordConsent({
        ctx: { actor: { kind: 'workflow', workflow: 'test', onBehalfOf: actor }, requestId, assertion },
        key: `${enrollmentId}/consent/1`,
        input: { patientId, studyId, siteId, enrollmentId, capacity, canRead, consent, requestKey },
      });
      gateway.views.set(enrollmentId, {
        enrollmentId, stage: 'slot', outcome: null, pastPivot: false, needsAttention: false, stuckStep: null, attention: [],
        awaiting: null, subjectNumber: 'S1-0001', wouldUndo: [], consentId, validity, interruption: null, withdrawnBy: null,
      });
      const started = running === undefined || running.requestKey === input.requestKey;
      return { kind: 'recorded', result: { enrollmentId, stage: 'consent', outcome: null, consentId, validity, started } };
    },
    find: async (enrollmentId) => {
      if (gateway.away) throw away();
      const run = gateway.runs.get(enrollmentId);
      if (!run) return null;
      const { studyCode, patientId, siteCode } = run;
      return { enrollmentId, studyCode, patientId, siteCode, stage: 'consent', outcome: null, needsAttention: false, startedAt: new Date().toISOString() };
    },
    view: async ({ enrollmentId }) => {
      if (gateway.away) return { kind: 'unavailable' };
      const view = gateway.views.get(enrollmentId);
      return view ? { kind: 'live', view } : { kind: 'none' };
    },
    withdraw: async ({ enrollmentId }, message) => {
      sent('withdraw', message);
      if (!gateway.runs.has(enrollmentId)) return { kind: 'ended' };
      return gateway.slow ? { kind: 'accepted' } : { kind: 'applied', view: { ...viewOf(enrollmentId), interruption: 'withdrawal' } };
    },
    withdrawAfterEnd: async (message) => {
      sent('withdrawAfterEnd', message);
      return { kind: 'accepted' };
    },
    reportCodeBreak: async (report) => sent('reportCodeBreak', report),
    reportIncident: async (incident) => sent('reportIncident', incident),
    resolveStep: async ({ enrollmentId }, message) => {
      sent('resolveStep', message);
      return viewOf(enrollmentId);
    },
    recordScreening: async ({ enrollmentId }, message) => {
      sent('recordScreening', message);
      return { enrollmentId, recorded: message.results.length, missing: [], verdict: 'met', failed: [] };
    },
    signEligibility: async ({ enrollmentId }, message) => {
      sent('signEligibility', message);
      return { enrollmentId, decision: message.decision, decisionId: viewOf(enrollmentId).enrollmentId, signedAt: new Date().toISOString(), sha256: message.sha256 };
    },
    invalidateEligibility: async ({ enrollmentId }, message) => {
      sent('invalidateEligibility', message);
      return { enrollmentId, decisionId: viewOf(enrollmentId).enrollmentId };
    },
    requestRandomisation: async ({ enrollmentId }, message) => {
      sent('requestRandomisation', message);
      return { enrollmentId, randomisedAt: new Date().toISOString() };
    },
    recordConsent: async ({ enrollmentId }, message) => {
      sent('recordConsent', message);
      if (message.declined) return { enrollmentId, declined: true };
      return { enrollmentId, consentId: viewOf(enrollmentId).consentId ?? '', validity: 'valid' };
    },
  };
  return gateway;
}
