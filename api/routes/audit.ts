import { z } from '@hono/zod-openapi';
import { asCsv, asText, type AuditEntryInfo, CSV_HEADER, id } from '../../services/common/index.ts';
import { readOf } from '../call.ts';
import type { Api, ApiDeps } from '../deps.ts';
import { answer, operation, pageOf, patientPath } from '../operation.ts';
import { auditEntryResponse, disclosureResponse, toAuditEntry, toDisclosure } from '../responses/audit.ts';

const tags = ['Audit'];
const entryNumber = z.string().regex(/^[1-9]\d{0,17}$/);
const instant = z.iso.datetime({ offset: true });

const auditQuery = z.strictObject({
  entity: z.string().regex(/^[a-z_]{1,60}$/).optional(),
  entityId: z.string().min(1).max(200).optional(),
  enrollmentId: id.optional(),
  from: instant.optional(),
  until: instant.optional(),
  cursor: entryNumber.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  format: z.enum(['json', 'csv', 'text']).default('json'),
});

const listAuditEntries = operation({
  operationId: 'listAuditEntries',
  summary: 'The audit trail of a service, oldest first, as JSON, CSV or for people to read; what identifies participants is withheld. Other formats than JSON name the next page in `Link`.',
  tags,
  method: 'get',
  path: '/audit/{service}',
  request: { params: z.object({ service: z.enum(['patient', 'study', 'site', 'edc', 'notification']) }), query: auditQuery },
  responses: {
    200: {
      description: 'A page',
      content: { 'application/json': { schema: pageOf(auditEntryResponse) }, 'text/csv': { schema: z.string() }, 'text/plain': { schema: z.string() } },
    },
  },
});

const listDisclosures = operation({
  operationId: 'listDisclosures',
  summary: 'To whom what identifies a person was shown, when and why, oldest first, six years back.',
  tags,
  method: 'get',
  path: '/patients/{patientId}/disclosures',
  request: { params: patientPath, query: z.strictObject({ cursor: entryNumber.optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }) },
  responses: { 200: answer('A page', pageOf(disclosureResponse)) },
});

export function auditRoutes(api: Api, { clients }: ApiDeps): void {
  api.openapi(listAuditEntries, async (c) => {
    const { service } = c.req.valid('param');
    const { format, ...query } = c.req.valid('query');
    const { items, nextCursor } = await clients[service].listAuditEntries(readOf(c, query));
    if (format === 'json') return c.json({ items: items.map(toAuditEntry), nextCursor }, 200);
    const next = new URL(c.req.url);
    next.searchParams.set('cursor', nextCursor ?? '');
    const headers = nextCursor === null ? {} : { Link: `<${next.pathname}${next.search}>; rel="next"` };
    return format === 'csv' ? c.body(csvOf(service, items), 200, { ...headers, 'Content-Type': 'text/csv; charset=utf-8; header=present' }) : c.text(textOf(service, items), 200, headers);
  });

  api.openapi(listDisclosures, async (c) => {
    const { patientId } = c.req.valid('param');
    const { items, nextCursor } = await clients.patient.listDisclosures(readOf(c, { patientId, ...c.req.valid('query') }));
    return c.json({ items: items.map(toDisclosure), nextCursor }, 200);
  });
}

const csvOf = (service: string, items: readonly AuditEntryInfo[]) => CSV_HEADER + items.map((item) => asCsv(service, item)).join('');
const textOf = (service: string, items: readonly AuditEntryInfo[]) => items.map((item) => asText(service, item)).join('');
