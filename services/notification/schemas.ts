import { z } from 'zod';
import { code, id, text } from '../common/index.ts';

/** What people are told of, and who: `recipients.ts`. */
export const NOTICE_KINDS = [
  'consent_recorded',
  'enrolled',
  'randomised',
  'randomised_pharmacy',
  'not_enrolled',
  'withdrawn',
  'cap_near',
  'cap_reached',
  'signature_requested',
  'signature_reminder',
  'reconsent_requested',
  'reconsent_declined',
  'code_broken',
  'code_break_refused',
  'stuck',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** A notice about an enrollment: codes and ids only, never a person's name or identifier. */
export const notice = z.strictObject({
  kind: z.enum(NOTICE_KINDS),
  enrollmentId: id,
  studyId: id,
  studyCode: code,
  siteId: id,
  siteCode: code,
  patientId: id,
  subjectNumber: text(60).nullable(),
  details: z.record(z.string().max(40), z.union([z.string().max(500), z.number(), z.null()])),
});
export type SendNotice = z.output<typeof notice>;
