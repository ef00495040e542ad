import type { EnrollmentView } from './types.ts';

const STAGE_TEXT: Record<EnrollmentView['stage'], string> = {
  consent: 'Recording the consent',
  screening: 'Screening',
  eligibility: 'Eligibility',
  slot: 'Reserving a slot at the site',
  enrollment: 'Enrolling',
  casebook: 'Opening the casebook',
  randomisation: 'Randomisation',
  activation: 'Past the pivot: telling the site',
};

const ACTION_TEXT = {
  retry: '**retry**: after the cause is gone',
  skip: '**skip**: go on without it',
  abort: '**abort**: undo what was done and close as voided',
} as const;

/** Where the participant stands, what is awaited from whom until when: Markdown for the case page in the Temporal UI. */
export function currentDetails(view: EnrollmentView): string {
  const lines = [`**Where:** ${view.outcome ? `ended: ${view.outcome}` : STAGE_TEXT[view.stage]}`];
  if (view.subjectNumber) lines.push(`**Subject:** ${view.subjectNumber}`);
  if (view.awaiting) {
    lines.push(`**Awaiting:** ${view.awaiting.what} from ${view.awaiting.who}${view.awaiting.until ? `, until ${view.awaiting.until}` : ''}`);
  } else if (view.attention.length === 0) {
    lines.push('**Awaiting:** nothing from anybody');
  }
  if (view.interruption && !view.outcome) lines.push(`**${view.interruption === 'expiry' ? 'Passed' : 'Accepted'}:** ${view.interruption === 'expiry' ? 'a deadline' : view.interruption}, being applied`);
  for (const item of view.attention) {
    lines.push(
      '',
      `### Needs an operator: ${item.step}`,
      `Since ${item.since}: ${item.why} (\`${item.code}\`)`,
      '',
      ...item.actions.map((action) => `- ${ACTION_TEXT[action]}`),
      '',
      `\`POST /api/v1/enrollments/${view.enrollmentId}/resolve\``,
    );
  }
  return lines.join('\n\n').replaceAll(/\n{3,}/g, '\n\n');
}
