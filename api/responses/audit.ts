import { z } from '@hono/zod-openapi';
import type { AuditEntryInfo } from '../../services/common/index.ts';
import type { Disclosure } from '../../services/patient/index.ts';

export const auditEntryResponse = z.object({
  number: z.string(),
  at: z.string(),
  action: z.enum(['C', 'R', 'U', 'D', 'E']).describe('FHIR R4 AuditEvent.action'),
  verb: z.string(),
  entity: z.string(),
  entityId: z.string(),
  position: z.number().int().describe('Within the chain of this record'),
  actor: z.record(z.string(), z.unknown()),
  reason: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
  address: z.string().nullable(),
  requestId: z.string(),
  traceId: z.string().nullable(),
  erased: z.boolean().describe('The values went with the key of this participant'),
  hash: z.string().describe('SHA-256 over all of it and the hash of the entry before it'),
});

export function toAuditEntry({ number, at, action, verb, entity, entityId, position, hash, told }: AuditEntryInfo): z.input<typeof auditEntryResponse> {
  const { actor, reason, before, after, origin, requestId, erased } = told;
  return {
    number, at, action: action as 'C', verb, entity, entityId, position,
    actor, reason, before: before ?? null, after: after ?? null, address: origin.address ?? null, requestId, traceId: origin.traceId ?? null, erased, hash,
  };
}

export const disclosureResponse = z.object({
  at: z.string(),
  to: z.object({ id: z.string(), name: z.string(), role: z.string() }),
  by: z.string().describe('What led to it: `getPerson` (revealed), `searchPersons`, `breakGlass`, `openedFor`'),
  reason: z.string().nullable(),
  how: z.record(z.string(), z.unknown()),
});

export function toDisclosure({ at, verb, told: { who, reason, how } }: Disclosure): z.input<typeof disclosureResponse> {
  return { at, to: { id: who.id, name: who.name, role: who.role }, by: verb, reason, how };
}
