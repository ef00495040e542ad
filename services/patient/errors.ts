import type { z } from 'zod';
import { DomainError } from '../common/index.ts';

/** An identifier belongs to a person whose name, birth date or other identifiers disagree with what was given. */
export const identityConflict = () =>
  new DomainError('conflict', 'identity_conflict', 'This identifier belongs to a person whose recorded details disagree with the given ones.');

/** Somebody else changed the person first: read again, then decide. */
export const versionStale = (version: number) =>
  new DomainError('stale', 'version_stale', 'The record has changed since it was read; read it again.', { details: { version } });

export const enrollmentNotEnded = (enrollmentId: string) =>
  new DomainError('conflict', 'enrollment_not_ended', 'The person has an enrollment that is open or active; it has to end first.', { details: { enrollmentId } });

export const retentionNotEnded = (until: string) =>
  new DomainError('conflict', 'retention_not_ended', 'The identifying data have to be kept until the retention period ends.', { details: { until } });

export const reasonRequired = () =>
  new DomainError('invalid', 'reason_required', 'A change of a record needs a reason.');

export const birthDateInFuture = () =>
  new DomainError('invalid', 'birth_date_in_future', 'The birth date lies in the future.');

export const disagreesWithIdCard = () =>
  new DomainError('invalid', 'disagrees_with_id_card', 'Birth date or sex disagrees with the resident ID number.');

export const consentInFuture = () =>
  new DomainError('invalid', 'consent_in_future', 'A signature or the handing over of the copy is dated in the future.');

export const consentAlreadyEnteredInError = () =>
  new DomainError('conflict', 'consent_already_entered_in_error', 'This consent is marked as entered in error already.');

/** The input does not have the form that the verb takes; says where and why, never the value. */
export function parsed<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const outcome = schema.safeParse(input);
  if (outcome.success) return outcome.data;
  const errors = outcome.error.issues.slice(0, 20).map((issue) => ({
    pointer: `/${issue.path.map(String).join('/')}`,
    code: issue.code === 'custom' ? issue.message : issue.code,
  }));
  throw new DomainError('invalid', 'invalid_input', 'The input has a wrong form.', { details: { errors } });
}
