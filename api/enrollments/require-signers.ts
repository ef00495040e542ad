import { type Ctx, DomainError } from '../../services/common/index.ts';
import type { RecordConsentBody } from '../../services/patient/index.ts';
import type { ApiDeps } from '../deps.ts';

type Deps = Pick<ApiDeps, 'clients'>;
type Signing = Pick<RecordConsentBody, 'capacity' | 'canRead' | 'consent'> & { patientId: string };

/**
 * Who has to sign follows age, capacity and literacy under the protocol's country rule (ICH E6(R3) 2.8). Throws
 * `signers_missing`: a form that lacks a signature is no consent yet, so nothing is recorded.
 */
export async function requireSigners({ clients }: Deps, asked: { ctx: Ctx; signing: Signing; consentRule: string }): Promise<void> {
  const { ctx, consentRule } = asked;
  const { patientId, capacity, canRead, consent } = asked.signing;
  const signers = consent.signers.map(({ role, signedAt }) => ({ role, signedAt }));
  const { missing } = await clients.patient.missingSigners({ ctx, input: { patientId, consentRule, capacity, canRead, signers } });
  if (missing.length === 0) return;
  throw new DomainError('invalid', 'signers_missing', `The consent lacks a signature: ${missing.join(', ')}. Have it signed, then send it again.`, {
    details: { missing },
  });
}

/** The same for a renewed consent: capacity and literacy are those that the enrollment began with. */
export async function requireSignersOfRenewed(
  deps: Deps,
  { ctx, enrollmentId, consent }: { ctx: Ctx; enrollmentId: string; consent: RecordConsentBody['consent'] },
): Promise<void> {
  const { study, patient } = deps.clients;
  const [first, known] = await Promise.all([
    patient.consentOfEnrollment({ ctx, input: { enrollmentId } }),
    study.enrollmentIdentity({ ctx, input: { enrollmentId } }),
  ]);
  // Before the record is there no other consent is awaited: the run refuses this one.
  if (!first || !known) return;
  const { protocolVersionId } = known.identity;
  const { body } = await study.getProtocol({ ctx, input: { protocolVersionId } });
  await requireSigners(deps, { ctx, signing: { ...first, consent }, consentRule: body.consentRule });
}
