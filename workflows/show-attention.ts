import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { AttentionBoard } from './attention.ts';
import { attentionItems, resolveStep } from './attention-messages.ts';
import { searchAttributes } from './search-attributes.ts';
import type { TimingProfile } from './timing.ts';

/**
 * The board of a short process: shown by search attributes and current details. It goes on by itself; an operator may
 * have it go on at once.
 */
export function shownBoard(timing: TimingProfile): AttentionBoard {
  const board: AttentionBoard = new AttentionBoard(timing, (_event, item) => show(board, item));
  setHandler(attentionItems, () => board.items, { description: 'What needs attention' });
  setHandler(resolveStep, async ({ action, reason }) => {
    board.resolve({ action, reason });
    return board.items;
  }, { description: 'An operator: retry what has failed at once. Needs who and why' });
  return board;
}

function show(board: AttentionBoard, item: { step: string; why: string }): void {
  const { stuckStep } = board;
  upsertSearchAttributes([
    { key: searchAttributes.needsAttention, value: stuckStep !== null },
    { key: searchAttributes.stuckStep, value: stuckStep },
  ]);
  setCurrentDetails(stuckStep ? `**Next round soon:** ${item.step}: ${item.why}` : '**Going on**');
}
