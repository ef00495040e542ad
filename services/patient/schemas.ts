import { z } from 'zod';
import { email, id, instant, sha256, text, userId } from '../common/index.ts';
import type { Normalised } from './fold.ts';
import { identifierValue, isResidentId } from './identifier.ts';
import { mobileNumber } from './mobile.ts';
import { birthDateOf, residentId, sexOf } from './resident-id.ts';

/** FHIR AdministrativeGender. */
export const SEXES = ['male', 'female', 'other', 'unknown'] as const;

/** A typed value that is normalised on the way in; the message is a code, never the value. */
const normalised = <C extends string>(max: number, rule: (typed: string) => Normalised<C>) =>
  z
    .string()
    .min(1)
    .max(max)
    .transform((typed, ctx) => {
      const outcome = rule(typed);
      if (outcome.ok) return outcome.value;
      ctx.addIssue({ code: 'custom', message: outcome.code });
      return z.NEVER;
    });

/** A Chinese resident ID number (GB 11643-1999), normalised. */
export const idCard = normalised(64, residentId);
/** A mobile number of mainland China, normalised. */
export const mobile = normalised(32, mobileNumber);

/** Another identifier, such as a passport: type, ISO 3166-1 alpha-2 country of issue, normalised value. */
export const identifier = z
  .strictObject({
    type: z.string().trim().toLowerCase().regex(/^[a-z][a-z0-9-]{0,39}$/, 'lower-case letters, digits and "-", at most 40'),
    country: z.string().trim().toUpperCase().regex(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 country code'),
    value: z.string().min(1).max(64),
  })
  .transform((given, ctx) => {
    const outcome = identifierValue(given);
    if (outcome.ok) return { ...given, value: outcome.value };
    ctx.addIssue({ code: 'custom', message: outcome.code, path: ['value'] });
    return z.NEVER;
  });

type Described = {
  idCard?: string | undefined;
  identifiers?: { type: string; country: string; value: string }[] | undefined;
  dateOfBirth?: string | null | undefined;
  sex?: string | null | undefined;
};

/** What is said beside a resident ID must agree with it; a second resident ID must be the same one. */
function agreesWithIdCard(person: Described, ctx: z.core.$RefinementCtx): void {
  const number = person.idCard ?? person.identifiers?.find(isResidentId)?.value;
  if (number === undefined) return;
  const refuse = (path: string, message: string) => ctx.addIssue({ code: 'custom', message, path: [path] });
  if (person.identifiers?.some((other) => isResidentId(other) && other.value !== number)) {
    refuse('identifiers', 'id_card_given_twice');
  }
  if (person.dateOfBirth && person.dateOfBirth !== birthDateOf(number)) refuse('dateOfBirth', 'disagrees_with_id_card');
  if (person.sex && person.sex !== sexOf(number)) refuse('sex', 'disagrees_with_id_card');
}

/** Body of POST /patients. */
export const registerPersonBody = z
  .strictObject({
    name: text(200),
    idCard: idCard.optional(),
    identifiers: z.array(identifier).max(10).optional(),
    mobile: mobile.optional(),
    email: email.optional(),
    dateOfBirth: z.iso.date().optional(),
    sex: z.enum(SEXES).optional(),
    siteId: id,
  })
  .superRefine((person, ctx) => {
    if (person.idCard === undefined && !person.identifiers?.length) {
      ctx.addIssue({ code: 'custom', message: 'id_card_or_identifier_required', path: ['idCard'] });
    }
    agreesWithIdCard(person, ctx);
  });
export type RegisterPerson = z.output<typeof registerPersonBody>;

/** What PATCH /patients/{patientId} may change. `identifiers` are added; null clears. */
export const personChanges = z
  .strictObject({
    name: text(200).optional(),
    idCard: idCard.optional(),
    identifiers: z.array(identifier).min(1).max(10).optional(),
    mobile: mobile.nullable().optional(),
    email: email.nullable().optional(),
    dateOfBirth: z.iso.date().nullable().optional(),
    sex: z.enum(SEXES).nullable().optional(),
  })
  .superRefine((changes, ctx) => {
    if (Object.keys(changes).length === 0) ctx.addIssue({ code: 'custom', message: 'nothing_to_change' });
    agreesWithIdCard(changes, ctx);
  });
export type PersonChanges = z.output<typeof personChanges>;

/** Body of POST /patients/search: one of the three. */
export const searchPersonsBody = z
  .strictObject({ idCard: idCard.optional(), mobile: mobile.optional(), identifier: identifier.optional() })
  .refine((by) => Object.values(by).filter((value) => value !== undefined).length === 1, 'give exactly one of idCard, mobile, identifier');
export type SearchPersons = z.output<typeof searchPersonsBody>;

/** Body of POST /patients/break-glass: whose record, by id or identifier, and why. */
export const breakGlassBody = z
  .strictObject({ patientId: id.optional(), idCard: idCard.optional(), identifier: identifier.optional(), reason: text(500) })
  .refine(({ reason: _reason, ...by }) => Object.values(by).filter((value) => value !== undefined).length === 1, 'give exactly one of patientId, idCard, identifier');
export type BreakGlass = z.output<typeof breakGlassBody>;

/** Which persons are asked for at once. */
export const personsByIds = z.strictObject({ patientIds: z.array(id).min(1).max(200) });
export type PersonsByIds = z.output<typeof personsByIds>;

/** A date as far as it is known: year, month or day (FHIR dateTime). */
const partialDate = z.union([z.iso.date(), z.string().regex(/^\d{4}(-(0[1-9]|1[0-2]))?$/)]);

/** Body of POST /patients/{patientId}/history: one entry of the medical history. */
export const historyEntry = z.strictObject({
  category: z.enum(['condition', 'procedure', 'medication', 'allergy', 'family', 'social', 'other']),
  description: text(2000),
  code: z.strictObject({ system: text(200), value: text(80) }).optional(),
  startedOn: partialDate.optional(),
  endedOn: partialDate.optional(),
  ongoing: z.boolean().optional(),
});
export type HistoryEntry = z.output<typeof historyEntry>;

export const SIGNER_ROLES = ['participant', 'representative', 'minor', 'witness', 'discusser'] as const;
export type SignerRole = (typeof SIGNER_ROLES)[number];

const signer = z.strictObject({
  role: z.enum(SIGNER_ROLES),
  name: text(200),
  relationship: text(100).optional(),
  userId: userId.optional(),
  signedAt: instant,
  mark: z.enum(['signature', 'thumbprint']),
});

/** A purpose of processing that is decided on by itself (PIPL 29, 39), such as `futureResearch`. */
const purpose = z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'letters and digits, at most 40');

/** A signed consent. Participant or representative and the staff member both sign: ICH E6(R3) 2.8.7. */
export const signedConsent = z.strictObject({
  version: text(40),
  language: z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a BCP 47 language tag'),
  method: z.enum(['paper', 'electronic']),
  documentSha256: sha256,
  signers: z
    .array(signer)
    .min(2)
    .max(10)
    .refine((all) => all.some((one) => givesConsent(one)), 'participant_or_representative_required')
    .refine((all) => all.some((one) => one.role === 'discusser'), 'discusser_required'),
  decisions: z
    .record(purpose, z.boolean())
    .refine((all) => Object.keys(all).length <= 20, 'at most 20 purposes')
    .refine((all) => all['participation'] === true, 'participation_must_be_true'),
  copyGiven: z.strictObject({ at: instant, how: z.enum(['paper', 'electronic']) }).optional(),
});
export type SignedConsent = z.output<typeof signedConsent>;

/** Is this a signer whose consent it is? */
export function givesConsent(one: { role: string }): boolean {
  return one.role === 'participant' || one.role === 'representative';
}

/** Body of POST /patients/{patientId}/consents. */
export const recordConsentBody = z.strictObject({
  studyId: id,
  siteId: id,
  capacity: z.enum(['full', 'limited']).default('full'),
  canRead: z.boolean().default(true),
  consent: signedConsent,
});
export type RecordConsentBody = z.output<typeof recordConsentBody>;
