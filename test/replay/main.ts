// `npm run replay`: today's workflow code against histories, committed ones or a server's; see docs/replay.md.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { KeyFileError } from '../../db/encryption/key-ring.ts';
import { EXIT } from '../../ops/output.ts';
import { StartupError } from '../../runtime/embedded/startup-error.ts';

type Options = { fromServer?: true; query?: string; limit?: number; record?: string[]; force?: true; json?: boolean };
const LIMIT = 1000;

const program = new Command('replay')
  .description('Replay histories against the workflow code as it is here. Without options: the committed ones.')
  .option('--from-server', "those of this installation's Temporal instead (TEMPORAL_ADDRESS, or the running embedded one); only reads")
  .option('--query <query>', 'which of its runs, as in the Temporal UI; default: all open ones of this system')
  .option('--limit <count>', `at most so many of them; default: ${LIMIT}`, atLeastOne)
  .addOption(new Option('--record <scenario...>', 'lead these scenarios (or all) to their ends and keep their histories').conflicts(['fromServer', 'json']))
  .option('--force', 'with --record: also over a history that is there, of a version that was not released yet')
  .option('--json', 'the result as one line of JSON')
  .exitOverride()
  .action(async (options: Options) => {
    if (!options.fromServer && (options.query !== undefined || options.limit !== undefined)) program.error('error: --query and --limit are for --from-server');
    if (!options.record && options.force) program.error('error: --force is for --record');
    if (options.record) await recordThem(options.record, options.force === true);
    else if (options.fromServer) await replayLive(options);
    else await replayCommitted(options.json === true);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function atLeastOne(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('a number from 1 on.');
}

async function recordThem(names: string[], force: boolean): Promise<void> {
  const { NotRecordedError, record } = await import('./record.ts');
  try {
    await record(names, { force, tell: (text) => console.log(text) });
  } catch (error) {
    if (!(error instanceof NotRecordedError)) throw error;
    console.error(`replay: ${error.message}`);
    process.exitCode = error.why === 'unknown' ? EXIT.usage : EXIT.failed;
  }
}

async function replayCommitted(json: boolean): Promise<void> {
  const [{ recordedHistories }, { TEST_SECRETS }, { replayAll }] = await Promise.all([import('./histories.ts'), import('../support/secrets.ts'), import('./replay-all.ts')]);
  const histories = recordedHistories().map(({ file, workflowId, json: history }) => ({ name: file.replace(/\.json$/, ''), workflowId, history }));
  process.exitCode = await replayAll({ histories, payloadKeys: TEST_SECRETS.payloadKeys }, { json, each: true, none: 'There are no committed histories.' });
}

async function replayLive({ query, limit = LIMIT, json = false }: Options): Promise<void> {
  const [{ readConfig }, { liveHistories, OPEN_RUNS }, { replayAll }] = await Promise.all([import('../../runtime/config.ts'), import('./live.ts'), import('./replay-all.ts')]);
  const asked = query ?? OPEN_RUNS;
  const live = await liveHistories(readConfig(), { query: asked, limit });
  try {
    process.exitCode = await replayAll(live, { json, each: false, none: `No run is found by: ${asked}` });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BadQueryError') throw error;
    console.error(`replay: Temporal does not understand the query: ${error.message}`);
    process.exitCode = EXIT.usage;
  } finally {
    await live.close();
  }
}

/** What is foreseen is said in a line; anything else is a mistake of ours, with its stack but without its message. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const frames = (error instanceof Error ? (error.stack ?? '') : '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  if (error instanceof StartupError || error instanceof KeyFileError) console.error(`replay: ${error.message}`);
  else console.error(`replay: an unexpected error (${error instanceof Error ? error.name : typeof error})`, frames.slice(0, 5).join('\n'));
  return EXIT.failed;
}
