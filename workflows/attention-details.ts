import type { AttentionItem } from './consent-to-enrollment/types.ts';

const ACTION_TEXT = {
  retry: '**retry**: once the cause is gone',
  skip: '**skip**: go on without it',
  abort: '**abort**: undo what was done and close as voided',
} as const;

/** What an operator has to know of what is stuck: Markdown, one paragraph per line of the answer. */
export function attentionDetails(items: readonly AttentionItem[]): string[] {
  return items.flatMap(({ step, since, why, code, firstFailedAt, attempts, actions }) => [
    `### Needs an operator: ${step}`,
    `${why} (\`${code}\`)`,
    `Last failure ${since}; first ${firstFailedAt}; attempts so far: ${attempts}.`,
    `What an operator can say:\n${actions.map((action) => `\n- ${ACTION_TEXT[action]}`).join('')}`,
  ]);
}

/** Whom that waits for, and until when. */
export function attentionAwaits(items: readonly AttentionItem[]): string {
  const rounds = items.map(({ nextRoundAt }) => nextRoundAt).filter((at) => at !== null);
  if (rounds.length < items.length) return 'an operator’s decision, as long as it takes';
  return `nobody: tried again by itself at ${rounds.toSorted()[0]}, or as soon as an operator says retry`;
}
