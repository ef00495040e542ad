import type { AttentionItem } from './consent-to-enrollment/types.ts';

const ACTION_TEXT = {
  retry: '**retry**: once the cause is gone',
  skip: '**skip**: go on without it',
  abort: '**abort**: undo what was done and close as voided',
} as const;

/** Of Markdown: a line, not a paragraph, of its own. */
export const LINE_BREAK = '  \n';

/** A time (RFC 3339) for people: to the minute, UTC. */
export const minute = (at: string): string => `${at.slice(0, 16)}Z`;

/** What an operator has to know of what is stuck: paragraphs of Markdown. */
export function attentionDetails(items: readonly AttentionItem[]): string[] {
  return items.flatMap(({ step, since, why, code, firstFailedAt, attempts, actions }) => [
    `### Needs an operator: ${step}`,
    [
      `${why} (\`${code}\`)`,
      `Attempts so far: ${attempts}, the first that failed at ${minute(firstFailedAt)}, the last at ${minute(since)}.`,
    ].join(LINE_BREAK),
    ['An operator can say:', ...actions.map((action) => ACTION_TEXT[action])].join(LINE_BREAK),
  ]);
}

/** Whom that waits for, and until when. */
export function attentionAwaits(items: readonly AttentionItem[]): string {
  const rounds = items.map(({ nextRoundAt }) => nextRoundAt).filter((at) => at !== null);
  if (rounds.length < items.length) return 'an operator’s decision, as long as it takes';
  return `nobody: tried again by itself at ${minute(rounds.toSorted()[0] ?? '')}, or as soon as an operator says retry`;
}
