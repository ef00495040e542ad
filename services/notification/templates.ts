import type { NoticeKind, SendNotice } from './schemas.ts';

type Template = { subject: string; lines: string[] };

/** A detail for people; details that a template doesn't name never get into a mail. */
function detail(notice: SendNotice, name: string): string {
  const value = notice.details[name];
  // Header injection and layout tricks end here: one line, no control characters.
  return value === null || value === undefined ? '-' : String(value).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 300);
}

function codeBreak(notice: SendNotice): string[] {
  return [`At: ${detail(notice, 'at')}`, `By: ${detail(notice, 'role')}`, `Record: ${detail(notice, 'codeBreakId')}`];
}

const TEMPLATES: Record<NoticeKind, (notice: SendNotice) => Template> = {
  consent_recorded: () => ({ subject: 'consent recorded', lines: ['A signed consent has been recorded.'] }),
  enrolled: () => ({ subject: 'participant enrolled', lines: ['A participant has been enrolled.'] }),
  randomised: () => ({ subject: 'participant randomised', lines: ['A participant has been randomised. The treatment stays blinded.'] }),
  randomised_pharmacy: () => ({
    subject: 'treatment to be prepared',
    lines: ['A participant has been randomised.', 'What to do next: look the treatment assignment up in the system; it is in no mail.'],
  }),
  not_enrolled: (notice) => ({
    subject: 'not enrolled',
    lines: ['An enrollment has ended before it was active.', `Outcome: ${detail(notice, 'outcome')}`],
  }),
  withdrawn: (notice) => ({
    subject: 'participant withdrawn',
    lines: ['A participant has been withdrawn.', `Scope: ${detail(notice, 'scope')}`],
  }),
  cap_near: (notice) => ({
    subject: 'places nearly filled',
    lines: ['The places of this site are nearly filled.', `Confirmed: ${detail(notice, 'confirmedCount')} of ${detail(notice, 'cap')}`],
  }),
  cap_reached: (notice) => ({
    subject: 'all places filled',
    lines: ['All places of this site are filled.', `Confirmed: ${detail(notice, 'confirmedCount')} of ${detail(notice, 'cap')}`],
  }),
  signature_requested: (notice) => ({
    subject: 'eligibility decision to be signed',
    lines: [
      'An eligibility decision waits for your signature.',
      'What to do next: review the criteria and sign the decision.',
      `Until: ${detail(notice, 'until')}`,
    ],
  }),
  signature_reminder: (notice) => ({
    subject: 'reminder: eligibility decision to be signed',
    lines: [
      'An eligibility decision still waits for your signature.',
      'What to do next: review the criteria and sign the decision; unsigned, the enrollment ends as expired.',
      `Until: ${detail(notice, 'until')}`,
    ],
  }),
  reconsent_requested: (notice) => ({
    subject: 'new consent needed',
    lines: [
      'The consent that a participant has signed is not valid, or not any more; the enrollment is on hold.',
      'What to do next: discuss the version now in force, have it signed and record it.',
      `Until: ${detail(notice, 'until')}`,
    ],
  }),
  reconsent_declined: (notice) => ({
    subject: 'new consent declined',
    lines: [
      'A participant has declined to sign the consent version now in force. This is no withdrawal.',
      'What to do next: decide with the participant how to go on, and record the new consent or a withdrawal.',
      `Until: ${detail(notice, 'until')}`,
    ],
  }),
  code_broken: (notice) => ({
    subject: 'treatment unblinded in an emergency',
    lines: [
      'The code of a subject has been broken. The treatment was shown to that person only, and is not in this mail.',
      ...codeBreak(notice),
      'What to do next: ask the site for the circumstances.',
    ],
  }),
  code_break_refused: (notice) => ({
    subject: 'code-break refused',
    lines: [
      'Somebody who had unblinded as many subjects within an hour as one person may has tried to unblind another one, and was refused.',
      ...codeBreak(notice),
      'What to do next: ask the site for the circumstances.',
    ],
  }),
  stuck: (notice) => ({
    subject: 'an enrollment needs attention',
    lines: [
      'An enrollment waits for an operator.',
      `Step: ${detail(notice, 'step')}`,
      `What failed: ${detail(notice, 'failure')}`,
      `What to do next: ${detail(notice, 'nextAction')}`,
    ],
  }),
};

/** A person who takes part reads what is meant for staff differently: the copy notice has words of its own. */
const COPY_NOTICE: Template = {
  subject: 'your consent has been recorded',
  lines: ['Your signed consent has been recorded.', 'Your study site keeps a copy for you; please ask there if you have not been given it.'],
};

/** The mail for one recipient: codes only, no name, no identifier of a person, no link that needs one. */
export function mailFor(notice: SendNotice, role: string): { subject: string; body: string } {
  const { subject, lines } = role === 'participant' ? COPY_NOTICE : TEMPLATES[notice.kind](notice);
  const about =
    role === 'participant'
      ? [`Study: ${notice.studyCode}`, `Site: ${notice.siteCode}`]
      : [
          `Study: ${notice.studyCode}`,
          `Site: ${notice.siteCode}`,
          `Subject: ${notice.subjectNumber ?? '-'}`,
          `Enrollment: ${notice.enrollmentId}`,
        ];
  return {
    subject: `[${notice.studyCode} ${notice.siteCode}] ${subject}`,
    body: `${[...lines, '', ...about].join('\n')}\n`,
  };
}
