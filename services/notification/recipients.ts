import type { Ctx } from '../common/index.ts';
import type { NotificationDeps } from './deps.ts';
import type { NoticeKind, SendNotice } from './schemas.ts';

/** Who gets a mail: a user id, `participant` or `ops`; in what role; where. */
export type Recipient = { recipient: string; role: string; email: string };

/** Who of the staff is told of what. */
const STAFF: Record<NoticeKind, readonly string[]> = {
  consent_recorded: ['coordinator', 'principal'],
  enrolled: ['principal'],
  randomised: ['principal', 'coordinator', 'monitor'],
  randomised_pharmacy: ['pharmacist'],
  not_enrolled: ['coordinator', 'sponsor'],
  withdrawn: ['principal', 'sponsor', 'pharmacist'],
  cap_near: ['sponsor', 'coordinator'],
  cap_reached: ['sponsor', 'coordinator'],
  signature_requested: ['principal'],
  signature_reminder: ['principal'],
  reconsent_requested: ['coordinator', 'principal'],
  reconsent_declined: ['principal'],
  code_broken: ['medical-monitor', 'sponsor', 'privacy-officer'],
  code_break_refused: ['medical-monitor', 'sponsor', 'privacy-officer'],
  stuck: [],
};

/** Everybody who is to be told now, each once: staff as Study knows them, the participant (a copy), operators. */
export async function recipientsOf(deps: NotificationDeps, ctx: Ctx, notice: SendNotice): Promise<Recipient[]> {
  const { kind, studyId, siteId, patientId } = notice;
  const roles = STAFF[kind];
  const [staff, participant] = await Promise.all([
    roles.length > 0 ? deps.study.listRecipients({ ctx, input: { studyId, siteId, roles: [...roles] } }) : { items: [] },
    kind === 'consent_recorded' ? deps.patient.contactOf({ ctx, input: { patientId } }) : { email: null },
  ]);
  const all = staff.items.map(({ userId, role, email }) => ({ recipient: userId, role, email }));
  if (participant.email) all.push({ recipient: 'participant', role: 'participant', email: participant.email });
  if (kind === 'stuck' && deps.opsEmail) all.push({ recipient: 'ops', role: 'ops', email: deps.opsEmail });
  return [...new Map(all.map((one) => [one.recipient, one])).values()];
}
