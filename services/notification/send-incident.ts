import type { Call, Incident } from '../common/index.ts';
import type { NotificationDeps } from './deps.ts';
import { deliver, type Sent } from './deliver.ts';

type Text = { subject: string; lines: string[] };

const TEXTS: Record<Incident['kind'], (incident: Incident) => Text> = {
  break_glass: ({ about, role, at }) => ({
    subject: 'a record was opened in an emergency',
    lines: [
      'Somebody without other access has opened the record of a participant by emergency access.',
      `At: ${at}`, `By: ${role}`, `Participant: ${about}`,
      'What to do next: look who and why in the audit trail, and ask for the circumstances.',
    ],
  }),
  signature_misuse: ({ about, role, at, count }) => ({
    subject: 'a command or signature was refused as not authentic',
    lines: [
      `Refused ${count === 1 ? 'once' : `${count} times`}: a signature or command that was not what it claimed to be. It had no effect in the name of anybody.`,
      `Last at: ${at}`, `Role that was named: ${role}`, `About: ${about}`,
      'What to do next: look in the audit trail who was named, and who had access to the workflow engine then.',
    ],
  }),
};

/**
 * Tells the privacy officer of an incident, and operators of a misuse: ids and codes only. As `sendNotice`, once per key
 * and recipient.
 */
export async function sendIncident(deps: NotificationDeps, { ctx, key, input }: Call<Incident>): Promise<Sent> {
  const { incidentId, kind } = input;
  const { subject, lines } = TEXTS[kind](input);
  const recipients = [
    { recipient: 'privacy-officer', role: 'privacy-officer', email: deps.privacyEmail },
    ...(kind === 'signature_misuse' && deps.opsEmail !== null ? [{ recipient: 'ops', role: 'ops', email: deps.opsEmail }] : []),
  ];
  const mail = { subject, body: `${[...lines, '', `Incident: ${incidentId}`].join('\n')}\n` };
  return deliver(deps, { ctx, key, verb: 'sendIncident', content: input, recipients, mail: () => mail, about: { kind, enrollmentId: null, studyId: null, siteId: null, patientId: null } });
}
