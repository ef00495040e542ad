import { patched, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from '../search-attributes.ts';
import type { Awaiting } from './types.ts';

/** Makes runs findable by what a person is waited for with and until when; both are unset while nobody is. */
export class SearchableAwaiting {
  #shown: Awaiting | null = null;

  show(awaiting: Awaiting | null): void {
    if (this.#shown?.what === awaiting?.what && this.#shown?.until === awaiting?.until) return;
    if (!patched('awaiting-searchable')) return;
    this.#shown = awaiting;
    upsertSearchAttributes([
      { key: searchAttributes.awaiting, value: awaiting?.what ?? null },
      { key: searchAttributes.awaitedUntil, value: awaiting?.until ? new Date(awaiting.until) : null },
    ]);
  }
}
