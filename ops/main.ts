// `npm run ops -- …`: the operators' command line.
import { Command, CommanderError } from 'commander';
import { KeyFileError } from '../db/encryption/key-ring.ts';
import { StartupError } from '../runtime/embedded/startup-error.ts';
import { isTypedError } from '../services/common/errors.ts';
import { deployCommands } from './commands/deploy.ts';
import { controlActivityCommands } from './commands/control-activity.ts';
import { doctorCommand } from './commands/doctor.ts';
import { erasePatientCommand } from './commands/erase-patient.ts';
import { exportAuditCommand } from './commands/export-audit.ts';
import { rotateKeysCommand } from './commands/rotate-keys.ts';
import { listQueuesCommand } from './commands/list-queues.ts';
import { listStuckCommand } from './commands/list-stuck.ts';
import { resetWorkflowCommand } from './commands/reset-workflow.ts';
import { resolveRunCommands } from './commands/resolve-run.ts';
import { retryStuckCommand } from './commands/retry-stuck.ts';
import { showRunCommand } from './commands/show-run.ts';
import { unpauseWorkflowCommand } from './commands/unpause-workflow.ts';
import { verifyAuditCommand } from './commands/verify-audit.ts';
import { EXIT, output } from './output.ts';

const program = new Command('ops')
  .description('What operators do on an installation: on its Temporal server and its databases.')
  .option('--json', 'the result as one line of JSON')
  .exitOverride();
const outputOf = (command: Command) => output({ json: command.optsWithGlobals<{ json?: true }>().json === true });

const group = (name: string, description: string) => program.command(name).description(description).exitOverride();
listStuckCommand(group('stuck', 'what is stuck'), outputOf);
showRunCommand(program, outputOf);
retryStuckCommand(program, outputOf);
resolveRunCommands(program, outputOf);
controlActivityCommands(group('activity', 'one activity of a run'), outputOf);
const workflow = group('workflow', 'a run as a whole');
resetWorkflowCommand(workflow, outputOf);
unpauseWorkflowCommand(workflow, outputOf);
listQueuesCommand(program, outputOf);
doctorCommand(program, outputOf);
rotateKeysCommand(group('keys', 'the keys of the installation'), outputOf);
const audit = group('audit', 'the audit trail');
verifyAuditCommand(audit, outputOf);
exportAuditCommand(audit, outputOf);
deployCommands(group('deploy', 'the versions of the workflow code'), outputOf);
erasePatientCommand(group('patients', 'participants'), outputOf);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** What is foreseen is said in a line; anything else is a mistake of ours, with its stack but without its message. */
function exitCodeOf(error: unknown): number {
  // The library has said what is wrong by now; help that was asked for is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (isTypedError(error) && 'errorClass' in error && error.errorClass === 'invalid') {
    console.error(`ops: ${error.code}: ${error.publicText}`);
    return EXIT.usage;
  }
  if (isTypedError(error)) console.error(`ops: ${error.code}: ${error.publicText}${detailsOf(error)}`);
  else if (error instanceof StartupError || error instanceof KeyFileError) console.error(`ops: ${error.message}`);
  else console.error(`ops: an unexpected error (${error instanceof Error ? error.name : typeof error})`, framesOf(error));
  return EXIT.failed;
}

function detailsOf(error: object): string {
  const details = 'details' in error ? (error.details as Record<string, unknown>) : {};
  return Object.keys(details).length > 0 ? ` ${JSON.stringify(details)}` : '';
}

function framesOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at ')).slice(0, 5).join('\n') : '';
}
