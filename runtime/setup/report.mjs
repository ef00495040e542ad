import { performance } from 'node:perf_hooks';

/** Ends the set-up with one message for the person at the terminal, that says what to do. */
export class SetupError extends Error {}

/** Says what is being done, and, on the same line, when it is done. On stderr: stdout belongs to the command that follows. */
export async function reporting(text, work) {
  const begin = performance.now();
  process.stderr.write(`set-up: ${text} ... `);
  try {
    const note = await work();
    process.stderr.write(`${note ?? 'done'} (${Math.max(1, Math.round((performance.now() - begin) / 1_000))} s)\n`);
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  }
}
