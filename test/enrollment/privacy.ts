import { expect } from 'vitest';
import type { TestSystem } from '../support/system.ts';
import { plaintextOfRuns } from './evidence.ts';

/** Names and mail addresses of the scenario, and passport numbers in the form that it gives them. */
const PERSONAL = [/Test Person/, /Doctor One/, /@[a-z-]+\.example/, /\bE[0-9a-f]{12}\b/];

/**
 * Ids, search attributes, summaries, details, current details and failures of every run so far hold no name, no
 * identifier and no mail address.
 */
export async function expectNothingPersonal(at: TestSystem): Promise<void> {
  const runs = await plaintextOfRuns(at);
  expect(runs.length).toBeGreaterThan(5);
  // The proof looks at the right thing: what it reads does hold codes, summaries and failures.
  const all = runs.map(({ text }) => text).join('\n');
  for (const expected of ['SITE-', 'Record the signed consent', 'The database cannot be reached.', '**Where:**']) expect(all).toContain(expected);
  const found = runs.flatMap(({ workflowId, text }) => PERSONAL.flatMap((pattern) => (pattern.test(text) ? [`${pattern} in ${workflowId}`] : [])));
  expect(found).toEqual([]);
}
