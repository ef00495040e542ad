import { SERVICES, type ServiceName } from '../db/provision.ts';
import { TASK_QUEUE } from '../workflows/consent-to-enrollment/messages.ts';
import { StartupError } from './embedded/startup-error.ts';
import type { QueueName } from './workers.ts';

/** What one process of a split system runs: one service with its worker, the workflows, or the REST API. */
export const PARTS = [...SERVICES, 'enrollment', 'api'] as const;
export type Part = (typeof PARTS)[number];

/** `all`: everything in this process. `split`: each part in a process of its own, kept running by this one. */
export type Start = 'all' | 'split' | Part;

const isService = (name: string): name is ServiceName => (SERVICES as readonly string[]).includes(name);

export function hostedBy(part: Part): readonly ServiceName[] {
  return isService(part) ? [part] : [];
}

export function queuesOf(part: Part): readonly QueueName[] {
  return part === 'enrollment' ? [TASK_QUEUE] : hostedBy(part);
}

/** From `split`, `api`, or `worker --service NAME`; without words: everything. Throws StartupError with what there is. */
export function startOf(words: readonly string[], service: string | undefined): Start {
  const [kind, ...more] = words;
  if (more.length === 0) {
    if (kind === undefined && service === undefined) return 'all';
    if ((kind === 'api' || kind === 'split') && service === undefined) return kind;
    if (kind === 'worker' && service !== undefined && (service === 'enrollment' || isService(service))) return service;
  }
  const message = `Say what to run: nothing (everything in one process), split, api, or worker --service with one of ${SERVICES.join(', ')}, enrollment.`;
  throw new StartupError({ code: 'bad_configuration', message });
}
