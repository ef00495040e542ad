import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { AttentionBoard } from './attention.ts';
import { attentionAwaits, attentionDetails, LINE_BREAK } from './attention-details.ts';
import { attentionItems, resolveStep } from './attention-messages.ts';
import { searchAttributes } from './search-attributes.ts';
import type { TimingProfile } from './timing.ts';

/** `doing` says where the process stands; it is on the case page until something else is said. */
export type ShownBoard = AttentionBoard & { doing(what: string): void };

/**
 * The board of a short process: shown by search attributes and current details. It goes on by itself; an operator may
 * have it go on at once.
 */
export function shownBoard(timing: TimingProfile): ShownBoard {
  let now = 'Beginning';
  const board = new AttentionBoard(timing, () => {
    showStuck(board);
    showDetails(board, now);
  });
  const doing = (what: string) => {
    now = what;
    showDetails(board, now);
  };
  setHandler(attentionItems, () => board.items, { description: 'What needs attention' });
  setHandler(resolveStep, async ({ action, reason }) => {
    board.resolve({ action, reason });
    return board.items;
  }, { description: 'An operator: retry what has failed at once. Needs who and why' });
  return Object.assign(board, { doing });
}

function showStuck(board: AttentionBoard): void {
  const { stuckStep } = board;
  upsertSearchAttributes([
    { key: searchAttributes.needsAttention, value: stuckStep !== null },
    { key: searchAttributes.stuckStep, value: stuckStep },
  ]);
}

function showDetails({ items }: AttentionBoard, now: string): void {
  const awaits = items.length > 0 ? attentionAwaits(items) : 'nobody';
  setCurrentDetails([`**Where:** ${now}${LINE_BREAK}**Awaiting:** ${awaits}`, ...attentionDetails(items)].join('\n\n'));
}
