import { defineSearchAttributeKey } from '@temporalio/common';

/** Search attributes are plaintext in Temporal and in its UI: ids, codes and numbers only, never an identifier. */
export const searchAttributes = {
  enrollmentId: defineSearchAttributeKey('EnrollmentId', 'KEYWORD'),
  stage: defineSearchAttributeKey('EnrollmentStage', 'KEYWORD'),
  outcome: defineSearchAttributeKey('EnrollmentOutcome', 'KEYWORD'),
  studyCode: defineSearchAttributeKey('StudyCode', 'KEYWORD'),
  siteCode: defineSearchAttributeKey('SiteCode', 'KEYWORD'),
  subjectNumber: defineSearchAttributeKey('SubjectNumber', 'KEYWORD'),
  stuckStep: defineSearchAttributeKey('StuckStep', 'KEYWORD'),
  needsAttention: defineSearchAttributeKey('NeedsAttention', 'BOOL'),
} as const;

/** What a Temporal server must know before the first workflow is started. */
export const REQUIRED_SEARCH_ATTRIBUTES: Record<string, 'Keyword' | 'Bool'> = Object.fromEntries(
  Object.values(searchAttributes).map((key) => [key.name, key.type === 'BOOL' ? 'Bool' : 'Keyword']),
);
