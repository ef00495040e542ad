import type { RecordConsentBody, SignerRole } from './schemas.ts';

/** Ages in years; the offset says where the day of birth begins. */
type CountryRule = { majority: number; assent: number; utcOffsetHours: number };

/** By country (ISO 3166-1 alpha-2). China: Civil Code Art. 17 (majority) and 19 (limited capacity, hence assent, from 8). */
const RULES: ReadonlyMap<string, CountryRule> = new Map([['CN', { majority: 18, assent: 8, utcOffsetHours: 8 }]]);
const ELSEWHERE: CountryRule = { majority: 18, assent: 7, utcOffsetHours: 0 };

const ruleOf = (country: string): CountryRule => RULES.get(country) ?? ELSEWHERE;

/** Who signs, in the country of the protocol's rule; `ageYears` null: the birth date is unknown. */
export type Signing = Pick<RecordConsentBody, 'capacity' | 'canRead'> & { rule: string; ageYears: number | null };

/**
 * The signatures that a consent lacks; empty when all required ones are there. Required are always the staff member
 * who held the discussion (ICH E6(R3) 2.8.7) and, for who cannot read, an impartial witness (2.8.9). A minor needs the
 * representative, from the age of assent the own signature too; an adult signs, with limited capacity the
 * representative does (the participant beside, where able, which nobody can require). Unknown birth date: adult.
 */
export function missingSigners({ roles, ...signing }: Signing & { roles: readonly SignerRole[] }): SignerRole[] {
  return required(signing).filter((role) => !roles.includes(role));
}

function required({ rule, ageYears, capacity, canRead }: Signing): SignerRole[] {
  const { majority, assent } = ruleOf(rule);
  const age = ageYears ?? majority;
  const own: SignerRole[] = capacity === 'full' ? ['participant'] : ['representative'];
  // Before majority the recorded capacity changes nothing: a minor's is limited by law.
  const minor: SignerRole[] = age < assent ? ['representative'] : ['representative', 'minor'];
  return [...(age < majority ? minor : own), ...(canRead ? [] : (['witness'] as const)), 'discusser'];
}

/** Age in whole years at an instant: a year is complete when the birthday begins in the country of the rule. */
export function ageAt({ rule, birthDate, at }: { rule: string; birthDate: string; at: Date }): number {
  const day = new Date(at.getTime() + ruleOf(rule).utcOffsetHours * 3_600_000).toISOString().slice(0, 10);
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) < birthDate.slice(5) ? years - 1 : years;
}
