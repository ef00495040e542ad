/** Something that whoever is responsible has to be told of (21 CFR 11.300(d), 45 CFR 164.308(a)(6)): ids and codes only. */
export const INCIDENT_KINDS = ['break_glass', 'signature_misuse'] as const;

export type Incident = {
  incidentId: string;
  kind: (typeof INCIDENT_KINDS)[number];
  /** The person or the enrollment. */
  about: string;
  /** Of whoever did it, or was named. */
  role: string;
  at: string;
  /** How often by then. */
  count: number;
};

/** A part of an outbox: from behind `after` on. */
export type Untold = { after?: string | undefined; limit: number };
