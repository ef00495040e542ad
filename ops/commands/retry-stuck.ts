import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { BulkState } from '../engine/bulk-retry.ts';
import type { ListedRun } from '../engine/open-runs.ts';
import { DomainError } from '../../services/common/errors.ts';
import { MOST_IN_BULK } from '../../services/common/stuck.ts';
import { acting, type Acting, ctxOf } from '../acting.ts';
import { atResolving, type AtResolving } from '../at-resolving.ts';
import { runId, wordOf } from '../at-run.ts';
import { noteOperation } from '../note-operation.ts';
import { EXIT, type Output } from '../output.ts';
import { table } from '../text.ts';
import { atMost } from './list-stuck.ts';
import { resolveOne, withKey } from './resolve-run.ts';

type Options = Acting & { key?: string; query?: string; all?: true; limit: number; rate: number; dryRun?: true; resume?: string; stop?: string };

const LOOK_EVERY_MS = 500;
const SILENT_MS = 30_000;

export function retryStuckCommand(program: Command, outputOf: (command: Command) => Output): void {
  withKey(acting(program.command('retry')))
    .description('Try again what is stuck: of one run, or of all that a query finds. In bulk it goes on by itself whatever becomes of this command.')
    .argument('[id]', 'of the enrollment, or a workflow id', runId)
    .option('--query <query>', 'of all stuck runs that this query of Temporal finds, such as StuckStep = "casebook"')
    .option('--all', 'of all stuck runs')
    .option('--limit <count>', 'in bulk: at most so many', atMost(MOST_IN_BULK), 500)
    .option('--rate <count>', 'in bulk: so many a second', atMost(100), 20)
    .option('--dry-run', 'in bulk: say only which')
    .option('--resume <bulkId>', 'look again how a bulk that was begun comes on', bulkId)
    .option('--stop <bulkId>', 'end a bulk after the portion that is under way', bulkId)
    .action(async (id: string | undefined, options: Options, command: Command) => {
      const ways = [id, options.query, options.all, options.resume, options.stop].filter((way) => way !== undefined);
      if (ways.length !== 1) command.error('error: say which: an id, --query, --all, --resume or --stop', { exitCode: 1 });
      if (options.dryRun && options.query === undefined && !options.all) command.error('error: --dry-run is for --query and --all', { exitCode: 1 });
      const out = outputOf(command);
      if (id !== undefined) return resolveOne(id, { action: 'retry', options, out });
      await atResolving((at) => inBulk(at, { options, out }));
    });
}

async function inBulk(at: AtResolving, { options, out }: { options: Options; out: Output }): Promise<void> {
  const { bulkState, findToRetry, startBulk, stopBulk } = await import('../engine/bulk-retry.ts');
  const { engine, services } = at;
  if (options.stop !== undefined) {
    await bulkState(engine, options.stop);
    await noteOperation(services, { ctx: ctxOf(options), key: `bulk-stop/${options.stop}`, input: { action: 'stop_bulk_retry', about: options.stop, details: {} } });
    await stopBulk(engine, options.stop);
    out.result({ bulkId: options.stop, state: 'stopped' }, `${options.stop} ends after the portion that is under way.`);
    process.exitCode = EXIT.done;
    return;
  }
  let bulk = options.resume;
  if (bulk === undefined) {
    const runs = await findToRetry(engine, { query: options.query ?? '', limit: options.limit });
    if (options.dryRun || runs.length === 0) {
      process.exitCode = EXIT.done;
      return out.result({ dryRun: options.dryRun === true, total: runs.length, items: runs.map(itemOf) }, runs.length === 0 ? 'Nothing stuck is found by it.' : [`${runs.length} would be tried again:`, table(runs.map((run) => [run.stuckStep ?? '-', idOf(run)]))].join('\n'));
    }
    const word = wordOf(options);
    bulk = randomUUID();
    const details = { query: options.query ?? null, total: runs.length, rate: options.rate };
    await noteOperation(services, { ctx: ctxOf(options), key: `bulk-retry/${bulk}`, input: { action: 'retry_in_bulk', about: bulk, details } });
    await startBulk(engine, { bulkId: bulk, runs, rate: options.rate, reason: word.reason, actor: word.actor, requestId: word.requestId });
    console.error(`ops: bulk ${bulk} has begun with ${runs.length}; cut short here, look again with --resume ${bulk}`);
  }
  const ended = await untilEnded(() => bulkState(engine, bulk), out);
  out.result(ended, textOf(ended));
  process.exitCode = ended.state === 'done' && ended.missed.length === 0 ? EXIT.done : EXIT.failed;
}

/** It ends by itself: each portion is bounded. Who gets no answer for half a minute is told how to look again. */
async function untilEnded(look: () => Promise<BulkState>, out: Output): Promise<BulkState> {
  for (let answeredAt = Date.now(); ; ) {
    const state = await look().catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'EngineLateError') throw error;
      if (Date.now() - answeredAt > SILENT_MS) throw noAnswer();
      out.progress('no worker of the queue "operations" answers; it goes on when one does');
      return null;
    });
    if (state && state.state !== 'running') return state;
    if (state) answeredAt = Date.now();
    if (state) out.progress(`${state.done} of ${state.total}, ${state.missed.length} missed`);
    await delay(LOOK_EVERY_MS);
  }
}

function noAnswer(): DomainError {
  return new DomainError('unavailable', 'no_answer', 'No worker of the queue "operations" has answered for half a minute. What was begun goes on when one does: look at the queues, and again with --resume.');
}

const idOf = ({ enrollmentId, workflowId }: ListedRun) => enrollmentId ?? workflowId;
const itemOf = (run: ListedRun) => ({ id: idOf(run), step: run.stuckStep, stage: run.stage });

function textOf({ bulkId: id, state, total, retried, missed }: BulkState): string {
  const lines = missed.slice(0, 20).map((one) => `  ${one.id}: ${one.code}`);
  return [`${state}: ${retried} of ${total} were told to go on, ${missed.length} missed (bulk ${id}).`, ...lines].join('\n');
}

function bulkId(text: string): string {
  if (/^[0-9a-f-]{36}$/.test(text)) return text;
  throw new InvalidArgumentError('the id that was printed when it began.');
}
