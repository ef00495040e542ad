import { listEntries } from '../../db/audit/index.ts';
import { read } from '../../db/index.ts';
import { withholdParticipant } from '../common/audit/withhold.ts';
import type { Read } from '../common/index.ts';
import type { PatientDeps } from './deps.ts';
import { patientExists } from './patient-exists.ts';

/** How far back whoever asks is told (45 CFR 164.528(a)(1)). */
export const ACCOUNTING_YEARS = 6;

/** `verb`: what led to it, such as `searchPersons`; `how`: by which emergency access, or by what the person was found. */
export type Disclosure = {
  number: string;
  at: string;
  verb: string;
  told: { who: { id: string; name: string; role: string }; reason: string | null; how: Record<string, unknown> };
};

/**
 * To whom what identifies a person was shown, when and why, oldest first, six years back: revealed identifiers, hits of
 * searches, emergency accesses and all that was read by them. `cursor` is a number. Throws `patient_not_found`.
 */
export async function listDisclosures(
  { db, clock }: PatientDeps,
  { input }: Read<{ patientId: string; cursor?: string | undefined; limit: number }>,
): Promise<{ items: Disclosure[]; nextCursor: string | null }> {
  const { patientId, cursor, limit } = input;
  await read(db, (orm) => patientExists(orm, patientId));
  const from = new Date(clock());
  from.setUTCFullYear(from.getUTCFullYear() - ACCOUNTING_YEARS);
  const filter = { entity: 'patient', entityId: patientId, actions: ['R', 'E'], from: from.toISOString() };
  const rows = await listEntries(db, { filter, after: cursor, limit: limit + 1 });
  const items = rows.slice(0, limit).map(withholdParticipant).map(({ number, at, verb, actor, reason, after }) => {
    const { id, name, role } = actor as { id?: string; name?: string; role?: string };
    return { number, at, verb, told: { who: { id: id ?? '', name: name ?? '', role: role ?? '' }, reason, how: (after ?? {}) as Record<string, unknown> } };
  });
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.number ?? null) : null };
}
