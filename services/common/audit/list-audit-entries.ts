import { type EntryFilter, listEntries, type TrailEntry } from '../../../db/audit/index.ts';
import { type Ledger, type ServiceDatabase, withTransaction, writeAudit } from '../../../db/index.ts';
import type { Ctx, Read } from '../context.ts';
import { withhold, withholdParticipant } from './withhold.ts';

export type AuditQuery = EntryFilter & {
  /** Number of the last entry of the page before. */
  cursor?: string | undefined;
  limit: number;
  /** With what identifies persons; reading that is audited. Nobody can ask for it from outside of the service's process. */
  identified?: boolean;
};

/** `told`: who acted and why, what it was before and after, by which request, from where. */
export type AuditEntryInfo = Pick<TrailEntry, 'number' | 'at' | 'action' | 'verb' | 'entity' | 'entityId' | 'position' | 'hash'> & {
  told: Pick<TrailEntry, 'actor' | 'reason' | 'before' | 'after' | 'requestId' | 'commandKey' | 'origin' | 'erased'>;
};

/**
 * The verb `listAuditEntries` of a service: a page of its trail, oldest first. Of a service whose trail is about persons
 * (`identifying`) what identifies them is withheld, unless it is asked for.
 */
export function listAuditEntriesIn(ledger: Ledger, { identifying }: { identifying: boolean }) {
  return async ({ db }: { db: ServiceDatabase }, { ctx, input }: Read<AuditQuery>): Promise<{ items: AuditEntryInfo[]; nextCursor: string | null }> => {
    const { cursor, limit, identified = false, ...filter } = input;
    if (identified) await noteReading(db, ledger, { ctx, after: { cursor: cursor ?? null, limit } });
    const rows = await listEntries(db, { filter, after: cursor, limit: limit + 1 });
    const items = rows.slice(0, limit).map((row) => toInfo(identified ? row : withholdParticipant(row), identifying && !identified ? withhold : (value) => value));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.number ?? null) : null };
  };
}

async function noteReading(db: ServiceDatabase, ledger: Ledger, { ctx, after }: { ctx: Ctx; after: unknown }): Promise<void> {
  const entry = { action: 'R', entity: 'audit_trail', entityId: db.schema, after } as const;
  await withTransaction(db, (tx) => writeAudit(tx, { db, ledger, verb: 'listAuditEntries', ctx }, [entry]));
}

function toInfo(row: TrailEntry, shown: (value: unknown) => unknown): AuditEntryInfo {
  const { number, at, action, verb, entity, entityId, position, hash, before, after, actor, reason, requestId, commandKey, origin, erased } = row;
  return { number, at, action, verb, entity, entityId, position, hash, told: { actor, reason, before: shown(before), after: shown(after), requestId, commandKey, origin, erased } };
}
