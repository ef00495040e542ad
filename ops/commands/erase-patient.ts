import type { Command } from 'commander';
import { acting, type Acting, ctxOf } from '../acting.ts';
import { EXIT, type Output } from '../output.ts';
import { withServices } from '../with-services.ts';

export function erasePatientCommand(patients: Command, outputOf: (command: Command) => Output): void {
  acting(patients.command('erase <patientId>'))
    .description('Make what identifies a participant unreadable for good, once retention has ended. The trial data under the pseudonym stay.')
    .action(async (patientId: string, options: Acting, command: Command) => {
      await withServices(async ({ services }) => {
        const ctx = ctxOf(options);
        const { erasedAt } = await services.patient.erasePerson({ ctx, key: `erase/${patientId}`, input: { patientId } });
        // Its own key: cut short after the first step, the same command does what is left.
        await services.notification.eraseRecipient({ ctx, key: `erase/${patientId}`, input: { patientId } });
        outputOf(command).result({ patientId, erasedAt }, `What identifies ${patientId} was made unreadable at ${erasedAt}.`);
        process.exitCode = EXIT.done;
      });
    });
}
