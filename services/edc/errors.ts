import type { z } from 'zod';
import { DomainError } from '../common/index.ts';

export const casebookExists = () =>
  new DomainError('conflict', 'casebook_exists', 'This enrollment has a casebook already.');

export const eproExists = () =>
  new DomainError('conflict', 'epro_schedule_exists', 'This enrollment has an ePRO schedule already.');

export const dataCollectionStopped = () =>
  new DomainError('conflict', 'data_collection_stopped', 'Data collection of this enrollment has been stopped.');

export const screeningExists = () =>
  new DomainError('conflict', 'screening_exists', 'The screening forms of this enrollment are open already, or were closed.');

export const screeningNotOpen = () =>
  new DomainError('conflict', 'screening_not_open', 'The screening forms of this enrollment are not open.');

/** Says which one by its place: what was typed as an item may be anything. */
export const unknownItem = (place: number) =>
  new DomainError('invalid', 'unknown_item', `Result ${place} is for an item that no criterion of the protocol version asks for.`);

export const unitMismatch = (item: string, expected: string) =>
  new DomainError('invalid', 'unit_mismatch', `${item} is expected in ${expected}.`, { details: { item, expected } });

export const valueType = (item: string, expected: string) =>
  new DomainError('invalid', 'value_type', `${item} is expected to be ${expected}.`, { details: { item } });

export const performedInFuture = (item: string) =>
  new DomainError('invalid', 'performed_in_future', `${item} is dated in the future.`, { details: { item } });

export const beforeConsent = (item: string) =>
  new DomainError('invalid', 'before_consent', `${item} was done before the consent and is not flagged as standard of care.`, {
    details: { item },
  });

export const reasonRequired = (item: string) =>
  new DomainError('conflict', 'reason_required', `${item} has another value already: a correction needs a reason.`, {
    details: { item },
  });

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
