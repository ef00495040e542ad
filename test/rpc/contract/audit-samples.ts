import { uuidv7 } from 'uuidv7';
import { ctx } from '../support.ts';
import type { Samples } from './fields.ts';

/** Pages of a trail, of which nothing that is written later is a part: the first entry, those so far, and what fits nothing. */
export function auditSamples(): Samples[string] {
  const until = new Date().toISOString();
  const read = (input: object) => ({ ctx, input });
  return [
    read({ limit: 1 }),
    read({ limit: 1000, until }),
    read({ limit: 5, entity: 'nothing', entityId: 'nobody', enrollmentId: uuidv7(), actions: ['C', 'E'], from: '2020-01-01T00:00:00Z', until, cursor: '1' }),
  ];
}
