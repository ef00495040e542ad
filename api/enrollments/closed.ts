import { DomainError } from '../../services/common/index.ts';
import type { EnrollmentFacts } from '../responses/enrollment.ts';

export function enrollmentClosed(): DomainError {
  return new DomainError('conflict', 'enrollment_closed', 'The enrollment has its outcome already.');
}

/** After these outcomes there is nothing left that a participant could be withdrawn from. */
const FINAL: readonly unknown[] = ['screen_failed', 'cap_reached', 'expired', 'voided'];

/** Throws `enrollment_closed`, also when no worker could say so. */
export function requireWithdrawable({ outcome }: Pick<EnrollmentFacts, 'outcome'>): void {
  if (FINAL.includes(outcome)) throw enrollmentClosed();
}
