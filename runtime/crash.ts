import { writeSync } from 'node:fs';

/** Name, code and stack frames, without the message: nobody foresaw this error, so its text may hold anything. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')).slice(0, 8);
  return { name: error.name, code: (error as { code?: unknown }).code, frames };
}

/**
 * What nobody has caught ends the process with exit code 1, as it does without this. But Node would print the message
 * and all members of the error, and those of a database's may be a participant's data.
 */
export function endOnUncaught(): void {
  process.on('uncaughtException', (error) => {
    // Synchronous: nothing is known to work any more.
    writeSync(2, `trial-enrollment: ended by an error that nobody foresaw: ${JSON.stringify(describeError(error))}\n`);
    process.exit(1);
  });
}
