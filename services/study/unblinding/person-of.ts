import { type Actor, DomainError } from '../../common/index.ts';

/** Who acts, as records of unblinding name people (21 CFR 11.50). A process can't learn an arm, on nobody's behalf. */
export function personOf(actor: Actor): { userId: string; name: string; role: string } {
  if (actor.kind !== 'user') throw new DomainError('forbidden', 'persons_only', 'Only a person may do this.');
  return { userId: actor.id, name: actor.name, role: actor.role };
}
