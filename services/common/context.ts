import type { Origin } from '../../db/index.ts';
import type { Authority } from './authority/authorise.ts';

export type { Origin };

/** The roles of the system; what each may do is in `authority/policy.ts`. */
export const ROLES = [
  'clinician',
  'investigator',
  'coordinator',
  'data-manager',
  'monitor',
  'sponsor',
  'medical-monitor',
  'pharmacist',
  'statistician',
  'privacy-officer',
  'ops',
  'auditor',
  'patient',
  'admin',
] as const;
export type Role = (typeof ROLES)[number];

/** A person who acts, with the printed name that records and signatures show (21 CFR 11.50). */
export type User = { id: string; name: string; role: Role };

/** Who acts. A workflow acts on behalf of the person whose command it carries out. */
export type Actor =
  | ({ kind: 'user' } & User)
  | { kind: 'workflow'; workflow: string; onBehalfOf: User }
  | { kind: 'service'; service: string };

/** Travels with every call: who acts, why and from where into the audit row, what the edge let them in for to the service's guard. */
export type Ctx = {
  actor: Actor;
  requestId: string;
  reason?: string | undefined;
  origin?: Origin | undefined;
  authority?: Authority | undefined;
  /** Of a command that comes by a workflow: what the API has signed of it (see `assertion.ts`). */
  assertion?: string | undefined;
};

/** A command: carried out once and only once under its key. */
export type Call<I> = { ctx: Ctx; key: string; input: I };

/** A read. */
export type Read<I> = { ctx: Ctx; input: I };
