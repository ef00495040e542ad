import type { TimingProfile } from '../timing.ts';

export const REPORT_WORKFLOW_TYPE = 'reportCodeBreak';

export function reportWorkflowIdOf(codeBreakId: string): string {
  return `code-break/${codeBreakId}`;
}

/** What is told: ids and codes. No arm, no name, no reason, which is free text. */
export type ReportCodeBreakInput = {
  codeBreakId: string;
  result: 'broken' | 'refused';
  /** Of whoever did it. */
  role: string;
  at: string;
  about: {
    enrollmentId: string;
    studyId: string;
    studyCode: string;
    siteId: string;
    siteCode: string;
    patientId: string;
    subjectNumber: string | null;
  };
  timing: TimingProfile;
};
