import { SERVICES, type ServiceName } from '../db/provision.ts';
import { TASK_QUEUE } from '../workflows/consent-to-enrollment/messages.ts';
import { StartupError } from './embedded/startup-error.ts';
import type { QueueName } from './workers.ts';

/** What one process runs: everything, the REST API, the workflows, or one service with its worker. */
export type Part = 'all' | 'api' | 'enrollment' | ServiceName;

/** The processes of a split system, each with a database of its own or none. */
export const PARTS: readonly Exclude<Part, 'all'>[] = [...SERVICES, 'enrollment', 'api'];

const isService = (name: string): name is ServiceName => (SERVICES as readonly string[]).includes(name);

export function hostedBy(part: Part): readonly ServiceName[] {
  if (part === 'all') return SERVICES;
  return isService(part) ? [part] : [];
}

export function queuesOf(part: Part): readonly QueueName[] | undefined {
  if (part === 'all') return undefined;
  if (part === 'enrollment') return [TASK_QUEUE];
  return isService(part) ? [part] : [];
}

/** From `api`, or `worker --service NAME`; without words: everything. Throws StartupError with what there is. */
export function partOf(words: readonly string[], service: string | undefined): Part {
  const [kind, ...more] = words;
  if (more.length === 0) {
    if (kind === undefined && service === undefined) return 'all';
    if (kind === 'api' && service === undefined) return 'api';
    if (kind === 'worker' && service !== undefined && (service === 'enrollment' || isService(service))) return service;
  }
  const message = `Say what to run: nothing (everything in one process), api, or worker --service with one of ${SERVICES.join(', ')}, enrollment.`;
  throw new StartupError({ code: 'bad_configuration', message });
}
