import type { DataKey, ServiceDatabase, Transaction } from '../../../db/index.ts';
import { approvalCells, unblindingCells, unblindingOwner } from '../sealed-rows.ts';
import type { Unblinding } from '../types.ts';
import type { unblindingApprovals, unblindings } from './tables.ts';

/** A request that nobody else has approved by then is over; a new one may be made. */
export const REQUEST_VALID_MS = 7 * 86_400_000;

type Rows = { request: typeof unblindings.$inferSelect; approval: typeof unblindingApprovals.$inferSelect | null };

export function isExpired(request: { at: Date }, now: Date): boolean {
  return now.getTime() >= request.at.getTime() + REQUEST_VALID_MS;
}

/** Requests as they stand at this moment. */
export async function toUnblindings({ vault }: ServiceDatabase, orm: Pick<Transaction, 'execute'>, rows: Rows[], now: Date): Promise<Unblinding[]> {
  const keys = await vault.keysOf(orm, rows.map(({ request }) => unblindingOwner(request)));
  return rows.map((row) => toUnblinding(row, { now, key: keys.get(unblindingOwner(row.request)) }));
}

function toUnblinding({ request, approval }: Rows, { now, key }: { now: Date; key: DataKey | null | undefined }): Unblinding {
  const { id, studyId, scope, enrollmentId, reason, userId, name, role, at } = request;
  const status = approval ? 'approved' : isExpired(request, now) ? 'expired' : 'requested';
  return {
    id,
    unblindingId: id,
    studyId,
    scope,
    enrollmentId,
    status,
    reason: unblindingCells(key, id).open('reason', reason) ?? '',
    requestedBy: { userId, name, role },
    requestedAt: at.toISOString(),
    expiresAt: new Date(at.getTime() + REQUEST_VALID_MS).toISOString(),
    approvedBy: approval && { userId: approval.userId, name: approval.name, role: approval.role },
    approvedAt: approval?.at.toISOString() ?? null,
    approvalReason: approval && approvalCells(key, id).open('reason', approval.reason),
  };
}
