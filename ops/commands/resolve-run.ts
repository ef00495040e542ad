import type { Command } from 'commander';
import { actOnRun } from '../act-on-run.ts';
import { acting, type Acting } from '../acting.ts';
import { runId } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';

type Options = Acting & { key?: string };

const SAYS = {
  skip: 'Go on without the step that is stuck: notices and the ePRO schedule only.',
  abort: 'Undo what was done and close the enrollment as voided: before the pivot only.',
} as const;

/** `skip` and `abort`; `retry` is in a file of its own, for it does many at once, too. */
export function resolveRunCommands(program: Command, outputOf: (command: Command) => Output): void {
  for (const action of ['skip', 'abort'] as const) {
    withKey(acting(program.command(action)))
      .description(SAYS[action])
      .argument('<id>', 'of the enrollment', runId)
      .action((id: string, options: Options, command: Command) => resolveOne(id, { action, options, out: outputOf(command) }));
  }
}

export function withKey(command: Command): Command {
  return command.option('--key <key>', 'repeat what got no answer: the key that was printed with it', (text) => text.slice(0, 200));
}

/** Tells one run, noted before with who and why. */
export async function resolveOne(id: string, { action, options, out }: { action: 'retry' | 'skip' | 'abort'; options: Options; out: Output }): Promise<void> {
  const { resolveRun } = await import('../engine/resolve-run.ts');
  await actOnRun(id, options, async ({ engine, signing, run, about, word, note }) => {
    await note(action);
    try {
      await resolveRun(engine, run, { ...word, action, signing });
    } catch (error) {
      if ((error as { code?: unknown }).code === 'outcome_unknown') console.error(`ops: the key of this word is ${word.key}`);
      throw error;
    }
    out.result({ id: about, action, step: run.stuckStep, key: word.key }, `${about}: ${action} was taken${run.stuckStep ? ` for "${run.stuckStep}"` : ''}.`);
  });
  process.exitCode = EXIT.done;
}
