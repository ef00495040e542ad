import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { AttentionItem, AskedBy, ResolveAction } from './consent-to-enrollment/types.ts';

/** What of a run needs an operator; every process answers. */
export const attentionItems = defineQuery<AttentionItem[]>('attentionItems');

/** An operator's word to a short process; an enrollment has its own (`consent-to-enrollment/messages.ts`), of the same name. */
export const resolveStep = defineUpdate<AttentionItem[], [AskedBy & { action: ResolveAction; reason: string }]>('resolveStep');
