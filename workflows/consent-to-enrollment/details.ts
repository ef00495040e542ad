import { attentionAwaits, attentionDetails, LINE_BREAK, minute } from '../attention-details.ts';
import type { Awaiting, EnrollmentView, Outcome, Stage } from './types.ts';

const STAGE_TEXT: Record<Stage, string> = {
  consent: 'Recording the consent',
  screening: 'Screening',
  eligibility: 'Eligibility',
  slot: 'Reserving a slot at the site',
  enrollment: 'Enrolling',
  casebook: 'Opening the casebook',
  randomisation: 'Randomisation',
  activation: 'In the trial, nothing is undone any more; telling the site',
};

const OUTCOME_TEXT: Record<Outcome, string> = {
  active: 'enrolled',
  screen_failed: 'not eligible',
  declined: 'withdrawn before enrolling',
  cap_reached: 'the site takes nobody more',
  expired: 'a deadline passed',
  withdrawn: 'withdrawn after enrolling',
  voided: 'nothing of it counts',
};

const AWAITED_TEXT: Record<string, string> = {
  screening_results: 'screening results',
  eligibility: 'eligibility signature',
  consent: 'signed consent',
  randomisation: 'request for the randomisation',
  decision: 'decision on the declined consent (a consent after all, or a withdrawal)',
};

/** What runs out, and when (RFC 3339 UTC). */
export type ShownDeadline = { what: string; at: string };

/** Where the participant stands, what is awaited from whom until when: Markdown for the case page in the Temporal UI. */
export function currentDetails(view: EnrollmentView, { closing, deadlines }: { closing: boolean; deadlines: readonly ShownDeadline[] }): string {
  const { outcome, stage, subjectNumber, interruption, attention, enrollmentId } = view;
  const where = outcome ? `ended: ${outcome} (${OUTCOME_TEXT[outcome]})` : `${STAGE_TEXT[stage]}${closing ? '; being closed' : ''}`;
  const lines = [
    `**Where:** ${where}`,
    ...(subjectNumber ? [`**Subject:** ${subjectNumber}`] : []),
    `**Awaiting:** ${awaits(view)}`,
    ...(interruption && !outcome ? [interruption === 'expiry' ? '**Passed:** a deadline, being applied' : `**Accepted:** ${interruption}, being applied`] : []),
    ...(outcome ? [] : deadlines.map(({ what, at }) => `**Deadline:** ${minute(at)}: ${what}`)),
  ];
  return [
    lines.join(LINE_BREAK),
    ...attentionDetails(attention),
    ...(attention.length > 0 ? [`\`POST /api/v1/enrollments/${enrollmentId}/resolve\`, or the operators' command line`] : []),
  ].join('\n\n');
}

function awaits({ awaiting, attention }: EnrollmentView): string {
  if (awaiting) return person(awaiting);
  return attention.length > 0 ? attentionAwaits(attention) : 'nobody';
}

function person({ what, who, until }: Awaiting): string {
  // Whoever has the delegated task may sign as well; the worklists of the site say it to them.
  const whom = what === 'eligibility' ? 'the principal investigator or a delegate' : who;
  return `${AWAITED_TEXT[what] ?? what} from ${whom}, ${until ? `until ${minute(until)}` : 'without a deadline'}`;
}
