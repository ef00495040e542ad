/**
 * Runs independent steps at the same time and waits for all of them, also when one fails: what is undone next
 * must not overtake a step that is still on its way. Throws the first failure.
 */
export async function sideBySide(steps: (() => Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(steps.map((run) => run()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
