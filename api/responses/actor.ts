import { z } from '@hono/zod-openapi';
import type { Actor } from '../../services/common/index.ts';

/** Who did it, as the audit trail names people: never more than id, name and role. */
export const actorResponse = z.object({ kind: z.string(), id: z.string(), name: z.string().optional(), role: z.string().optional() });

export function toActor(actor: Actor): z.output<typeof actorResponse> {
  if (actor.kind === 'service') return { kind: 'service', id: actor.service };
  const { id, name, role } = actor.kind === 'user' ? actor : actor.onBehalfOf;
  return { kind: actor.kind, id, name, role };
}
