import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { AttentionBoard } from './attention.ts';
import { searchAttributes } from './search-attributes.ts';

/** Shows what a short process waits with: search attributes and current details. It goes on by itself. */
export function showAttention(attention: AttentionBoard, item: { step: string; why: string }): void {
  const { stuckStep } = attention;
  upsertSearchAttributes([
    { key: searchAttributes.needsAttention, value: stuckStep !== null },
    { key: searchAttributes.stuckStep, value: stuckStep },
  ]);
  setCurrentDetails(stuckStep ? `**Next round soon:** ${item.step}: ${item.why}` : '**Going on**');
}
