import { z } from '@hono/zod-openapi';
import type { HistoryInfo, PatientInfo } from '../../services/patient/index.ts';
import { SEXES } from '../../services/patient/index.ts';

const identifier = z.object({ type: z.string(), country: z.string(), value: z.string() });

export const patientInfo = z
  .object({
    id: z.string(),
    name: z.string(),
    idCard: z.string().nullable(),
    identifiers: z.array(identifier),
    mobile: z.string().nullable(),
    email: z.string().nullable(),
    dateOfBirth: z.string().nullable(),
    sex: z.enum(SEXES).nullable(),
    siteIds: z.array(z.string()),
    version: z.int(),
    createdAt: z.string(),
    erasedAt: z.string().nullable().openapi({ description: 'When the identifying data were erased; all of them are empty from then on.' }),
  })
  .openapi('PatientInfo', { description: 'A person; masked unless revealed.' });

export type ShownPerson = z.output<typeof patientInfo>;

/** Only what is listed here leaves the house; the sites of others are not the caller's business. */
export function toPatientInfo(person: PatientInfo, shownSiteIds: readonly string[] | 'all'): ShownPerson {
  const { id, name, idCard, identifiers, mobile, email, dateOfBirth, sex, siteIds, version, createdAt, erasedAt } = person;
  return {
    id,
    name,
    idCard,
    identifiers: identifiers.map(({ type, country, value }) => ({ type, country, value })),
    mobile,
    email,
    dateOfBirth,
    sex,
    siteIds: shownSiteIds === 'all' ? siteIds : siteIds.filter((siteId) => shownSiteIds.includes(siteId)),
    version,
    createdAt,
    erasedAt,
  };
}

export const historyItem = z
  .object({
    id: z.string(),
    category: z.string(),
    description: z.string(),
    code: z.object({ system: z.string(), value: z.string() }).nullable(),
    startedOn: z.string().nullable(),
    endedOn: z.string().nullable(),
    ongoing: z.boolean().nullable(),
    recordedAt: z.string(),
  })
  .openapi('HistoryItem');

export function toHistoryItem(entry: HistoryInfo): z.output<typeof historyItem> {
  const { id, category, description, code, startedOn, endedOn, ongoing, recordedAt } = entry;
  return {
    id,
    category,
    description,
    code: code ? { system: code.system, value: code.value } : null,
    startedOn: startedOn ?? null,
    endedOn: endedOn ?? null,
    ongoing: ongoing ?? null,
    recordedAt,
  };
}
