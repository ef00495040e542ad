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
  /** What a person is waited for with (`awaiting.what`) and until when; unset while nobody is. */
  awaiting: defineSearchAttributeKey('Awaiting', 'KEYWORD'),
  awaitedUntil: defineSearchAttributeKey('AwaitedUntil', 'DATETIME'),
} as const;

const ON_THE_SERVER = { KEYWORD: 'Keyword', BOOL: 'Bool', DATETIME: 'Datetime' } as const;

/** A type of search attribute, as Temporal's own tools name it. */
export type SearchAttributeType = (typeof ON_THE_SERVER)[keyof typeof ON_THE_SERVER];

/** What a Temporal server must know before the first workflow is started. */
export const REQUIRED_SEARCH_ATTRIBUTES: Readonly<Record<string, SearchAttributeType>> = Object.fromEntries(
  Object.values(searchAttributes).map((key) => [key.name, ON_THE_SERVER[key.type]]),
);
