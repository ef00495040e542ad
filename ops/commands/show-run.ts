import type { Command } from 'commander';
import type { ShownRun } from '../engine/show-run.ts';
import { engineAt, runId } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';
import { ageOf, bold, calm, loud, table } from '../text.ts';
import { withTemporal } from '../with-temporal.ts';

export function showRunCommand(program: Command, outputOf: (command: Command) => Output): void {
  program.command('show')
    .description('One page about a run: where it stands, what is wrong, what is under way, what happened last, what each action would do.')
    .argument('<id>', 'of the enrollment, or a workflow id', runId)
    .action(async (id: string, _options: unknown, command: Command) => {
      const { showRun } = await import('../engine/show-run.ts');
      await withTemporal(async (at) => {
        const shown = await showRun(engineAt(at), id);
        outputOf(command).result(shown, textOf(shown));
      });
      process.exitCode = EXIT.done;
    });
}

function textOf(run: ShownRun): string {
  const part = (title: string, lines: string[]) => (lines.length > 0 ? ['', bold(title), ...lines.map((line) => `  ${line}`)] : []);
  const { stuck, awaiting } = run;
  return [
    `${bold(run.workflowId)}  ${run.enrollmentId ? `enrollment ${run.enrollmentId}  ` : ''}run ${run.runId}`,
    `${run.workflowType}: ${run.status}${run.stage ? `, stage ${run.stage}` : ''}${run.outcome ? `, outcome ${run.outcome}` : ''}; ${run.historyEvents} events, ${Math.ceil(run.historyBytes / 1024)} kB`,
    stuck ? loud(`STUCK: ${stuck.kind} at ${stuck.step}${stuck.code ? ` (${stuck.code})` : ''}, for ${ageOf(stuck.since)}`) : calm('Nothing is wrong with it.'),
    ...(stuck ? [`First: ${stuck.suggestion}`] : []),
    ...(run.answers ? [] : [loud('No worker answers for it: what follows is what Temporal knows by itself.')]),
    ...(awaiting ? [`Awaiting: ${awaiting.what} from ${awaiting.who}${awaiting.until ? `, until ${awaiting.until}` : ''}`] : []),
    ...(run.pausedBy ? [`Held by ${run.pausedBy.who} since ${run.pausedBy.at ?? '?'}: ${run.pausedBy.why}`] : []),
    ...part('Needs attention', run.attention.map((one) => `${one.step}: ${one.why} (${one.code}), ${one.attempts} tries since ${one.firstFailedAt}, ${one.nextRoundAt ? `again ${ageOf(one.nextRoundAt)}` : `waits for: ${one.actions.join(', ')}`}`)),
    ...part('Under way', [
      ...run.pendingActivities.map((one) => `${one.activity} (activity ${one.activityId}): ${one.state}, attempt ${one.attempt}${one.lastFailure ? `, last failure ${one.lastFailure.code}: ${one.lastFailure.why}` : ''}${one.nextAttemptAt ? `, next ${ageOf(one.nextAttemptAt)}` : ''}`),
      ...(run.workflowTaskAttempt === null ? [] : [`workflow task: attempt ${run.workflowTaskAttempt}${run.lastWorkflowTaskFailure ? `, ${run.lastWorkflowTaskFailure.code}: ${run.lastWorkflowTaskFailure.why}` : ''}`]),
      ...run.pendingTimers.map((one) => `timer: ${one.what}, ${one.overdue ? loud(`OVERDUE since ${one.until}`) : `until ${one.until}`}`),
    ]),
    ...part('What happened last', [table(run.timeline.map((line) => [line.at, line.how, line.what]))].filter(Boolean).flatMap((text) => text.split('\n'))),
    ...part('What you can do', run.actions.flatMap(({ command, does }) => [command, `  ${does}`])),
  ].join('\n');
}
