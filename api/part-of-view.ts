import { DomainError } from '../services/common/index.ts';
import { inScope } from '../services/common/resilience/index.ts';

/**
 * A part of a view that another service has: what `read` comes to, or null when that service can't be asked within
 * `deadlineMs`. The view is answered without it then, and names it as missing (`degraded`). Anything else that `read`
 * throws is thrown.
 */
export async function partOfView<T>(deadlineMs: number, read: () => Promise<T>): Promise<T | null> {
  try {
    return await inScope({ deadlineAt: Date.now() + deadlineMs }, read);
  } catch (error) {
    if (error instanceof DomainError && error.errorClass === 'unavailable') return null;
    throw error;
  }
}
