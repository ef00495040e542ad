import { eq } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { type DataKey, runCommand, statement, type Transaction } from '../../db/index.ts';
import { type Asserted, type Call, type Ctx, requireUnused } from '../common/index.ts';
import { MEANING, recordSha256, type SignedRecord } from './consent-signature.ts';
import { ledger, type PatientDeps } from './deps.ts';
import { consentInFuture, parsed } from './errors.ts';
import { patientExists } from './patient-exists.ts';
import { givesConsent, recordConsentBody, type RecordConsentBody } from './schemas.ts';
import { consentCells, signerCells } from './sealed-rows.ts';
import { type Attestation, consentPurposes, consents, consentSigners, type VALIDITIES } from './tables.ts';

export type RecordConsent = RecordConsentBody & { patientId: string; enrollmentId: string | null; requestKey: string };
type Validity = (typeof VALIDITIES)[number];
type Recorded = { consentId: string; validity: Validity; signedAt: string; enrollmentId: string | null };

/**
 * Records a consent that was signed, always: whether its version and the delegation were valid when it was signed
 * is judged and kept beside it (ICH E6(R3) 2.8.7), never a reason to refuse. When the request has recorded a consent
 * already, that one is answered and nothing is written. The staff member who records it signs it electronically
 * (21 CFR 11.50, 11.70). Throws `command_not_authentic`, `consent_in_future`, `patient_not_found`, `invalid_input`.
 */
export async function recordConsent(deps: PatientDeps, { ctx, key, input }: Call<RecordConsent>): Promise<Recorded> {
  const { patientId, enrollmentId, requestKey, ...body } = input;
  const given = parsed(recordConsentBody, body);
  const { signers, copyGiven } = given.consent;
  const { studyId, siteId, capacity, canRead, consent: signed } = body;
  const asserted = await deps.commands.check({
    ctx,
    operations: ['createEnrollment', 'recordConsent', 'recordReconsent'],
    about: enrollmentId ?? patientId,
    content: (operation) => (operation === 'recordReconsent' ? { consent: signed } : { patientId, studyId, siteId, capacity, canRead, consent: signed }),
  });
  const now = deps.clock().toISOString();
  if ([...signers.map((one) => one.signedAt), copyGiven?.at ?? now].some((at) => at > now)) throw consentInFuture();
  const signedAt = signers.filter(givesConsent).map((one) => one.signedAt).toSorted()[0] ?? now;
  // Asked for before the transaction: no lock is held while another service answers.
  const validity = await judge(deps, ctx, given, signedAt);
  const content = { patientId, enrollmentId, requestKey, ...given };
  return runCommand({ db: deps.db, ledger, verb: 'recordConsent', key, content, ctx }, async (tx, audit) => {
    await requireUnused(tx, { ledger, asserted, by: requestKey });
    await patientExists(tx, patientId);
    const { consent, ...circumstances } = given;
    const { version, language, method, documentSha256 } = consent;
    const consentId = uuidv7();
    const dataKey = await deps.db.vault.keyFor(tx, patientId);
    const attestation = attestationOf({ ctx, asserted, method });
    const record = attestation && toRecord({ consentId, patientId, enrollmentId, given, attestation, at: now });
    const row = { patientId, enrollmentId, ...circumstances, validity, version, language, method, documentSha256 };
    const inserted = await statement(
      tx
        .insert(consents)
        .values({
          id: consentId,
          ...row,
          requestKey,
          status: 'active',
          signedAt: new Date(signedAt),
          copyGivenAt: copyGiven ? new Date(copyGiven.at) : null,
          copyGivenHow: copyGiven?.how ?? null,
          recordedAt: new Date(now),
          attestedBy: attestation,
          attestedAt: attestation && new Date(now),
          recordSha256: consentCells(dataKey, consentId).seal('record_sha256', record && recordSha256(record)),
        })
        .onConflictDoNothing({ target: consents.requestKey })
        .returning({ id: consents.id }),
    );
    if (inserted.length === 0) return recordedBefore(tx, requestKey);
    await writeParts(tx, { consentId, key: dataKey }, consent);
    const { decisions } = consent;
    audit({ action: 'C', entity: 'consent', entityId: consentId, owner: patientId, after: { ...row, status: 'active', signers, decisions, copyGiven, attestedBy: attestation && { ...attestation, assertion: undefined } } });
    return { consentId, validity, signedAt, enrollmentId };
  });
}

/** Who has signed it as recorded: whoever the API answers for, otherwise whoever calls. Nobody in the system's own name. */
function attestationOf({ ctx, asserted, method }: { ctx: Ctx; asserted: Asserted | null; method: keyof typeof MEANING }): Attestation | null {
  const who = asserted?.actor ?? (ctx.actor.kind === 'user' ? ctx.actor : null);
  if (!who) return null;
  return { userId: who.id, name: who.name, role: who.role, meaning: MEANING[method], components: asserted?.authentication?.components ?? null, assertion: ctx.assertion ?? null };
}

type Whole = { consentId: string; patientId: string; enrollmentId: string | null; given: RecordConsentBody; attestation: Attestation; at: string };

function toRecord({ consentId, patientId, enrollmentId, given, attestation, at }: Whole): SignedRecord {
  const { consent, studyId, siteId, capacity, canRead } = given;
  const { version, language, method, documentSha256, signers, decisions, copyGiven = null } = consent;
  const { userId, name, role, meaning } = attestation;
  return {
    consentId, patientId, studyId, siteId, enrollmentId, capacity, canRead, version, language, method, documentSha256, decisions, copyGiven,
    signers: signers.map((one) => ({ role: one.role, name: one.name, relationship: one.relationship ?? null, userId: one.userId ?? null, signedAt: one.signedAt, mark: one.mark })),
    signature: { userId, name, role, at, meaning },
  };
}

/** Good when it is with one of the staff members who held the discussion; without one of a known id, nobody was delegated. */
async function judge(deps: PatientDeps, ctx: Ctx, given: RecordConsentBody, signedAt: string): Promise<Validity> {
  const { studyId, siteId, consent } = given;
  const { version, language, documentSha256 } = consent;
  const discussers = consent.signers.filter((one) => one.role === 'discusser').map((one) => one.userId ?? null);
  const judgements = await Promise.all(
    [...new Set(discussers)].map((discusserUserId) =>
      deps.study.judgeConsent({ ctx, input: { studyId, siteId, version, language, documentSha256, signedAt, discusserUserId } }),
    ),
  );
  const found = judgements.map((one) => one.validity);
  return found.includes('valid') ? 'valid' : (found[0] ?? 'not_delegated');
}

async function writeParts(tx: Transaction, { consentId, key }: { consentId: string; key: DataKey }, { signers, decisions }: RecordConsentBody['consent']): Promise<void> {
  const purposes = Object.entries(decisions).map(([purpose, granted]) => ({ consentId, purpose, granted }));
  await Promise.all([
    statement(
      tx.insert(consentSigners).values(
        signers.map(({ role, name, relationship = null, userId = null, signedAt, mark }, position) => {
          const cells = signerCells(key, { consentId, position });
          const sealed = { name: cells.seal('name', name), relationship: cells.seal('relationship', relationship) };
          return { consentId, position, role, ...sealed, userId, signedAt: new Date(signedAt), mark };
        }),
      ),
    ),
    statement(tx.insert(consentPurposes).values(purposes)),
  ]);
}

async function recordedBefore(tx: Transaction, requestKey: string): Promise<Recorded> {
  const [row] = await statement(tx.select().from(consents).where(eq(consents.requestKey, requestKey)));
  if (!row) throw new Error('a consent that was there is gone, although consents are never deleted');
  const { id: consentId, validity, signedAt, enrollmentId } = row;
  return { consentId, validity, signedAt: signedAt.toISOString(), enrollmentId };
}
