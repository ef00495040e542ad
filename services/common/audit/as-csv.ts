import type { AuditEntryInfo } from './list-audit-entries.ts';

const COLUMNS = ['service', 'number', 'at', 'action', 'verb', 'entity', 'entityId', 'position', 'actorId', 'actorName', 'actorRole', 'reason', 'before', 'after', 'address', 'requestId', 'traceId', 'hash'] as const;

export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

/** One entry as a line of CSV (RFC 4180), old and new values as JSON. */
export function asCsv(service: string, { told, ...entry }: AuditEntryInfo): string {
  const { actor, reason, before, after, origin, requestId } = told;
  const { id, name, role } = (actor['onBehalfOf'] ?? actor) as Record<string, unknown>;
  const values: Record<(typeof COLUMNS)[number], unknown> = {
    service, ...entry, actorId: id ?? actor['service'], actorName: name, actorRole: role, reason,
    before: before === null ? null : JSON.stringify(before), after: after === null ? null : JSON.stringify(after), address: origin.address, requestId, traceId: origin.traceId,
  };
  return `${COLUMNS.map((column) => cell(values[column])).join(',')}\r\n`;
}

/** A spreadsheet must not take a text for a formula (CWE-1236): an apostrophe stands before it. */
function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'number' ? String(value) : (value as string);
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
