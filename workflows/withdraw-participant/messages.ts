import type { AskedBy, WithdrawalScope } from '../consent-to-enrollment/types.ts';
import type { TimingProfile } from '../timing.ts';

export const WITHDRAWAL_WORKFLOW_TYPE = 'withdrawParticipant';

export function withdrawalWorkflowIdOf(enrollmentId: string): string {
  return `withdrawal/${enrollmentId}`;
}

export type WithdrawParticipantInput = {
  identity: {
    enrollmentId: string;
    studyId: string;
    studyCode: string;
    siteId: string;
    siteCode: string;
    patientId: string;
    protocolVersionId: string;
    requestKey: string;
    contentHash: string;
    rescreenOf: string | null;
  };
  subjectNumber: string | null;
  /** Of the record as it was read: what is written now is newer. */
  revision: number;
  /** The caller's key: the same withdrawal again has no second effect. */
  key: string;
  scope: WithdrawalScope;
  /** The protocol version gives the place back to the site. */
  freesCap?: boolean;
  decidedBy: 'participant' | 'investigator' | 'sponsor';
  timing: TimingProfile;
} & AskedBy;
