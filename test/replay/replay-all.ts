import type { KeyRing } from '../../db/encryption/key-ring.ts';
import { EXIT, output } from '../../ops/output.ts';
import { createLog, installTemporalLog } from '../../runtime/logging.ts';
import { buildWorkflowBundle } from '../../runtime/workflow-bundle.ts';
import { type Failure, type Histories, replayed } from './replaying.ts';

type Source = { histories: Histories; payloadKeys: KeyRing; readonly more?: boolean };
/** `each`: a line also for what replays. `none`: what is said when there is nothing to replay. */
type Saying = { json: boolean; each: boolean; none: string };

/** Replays them all against the code as it is, says which fail and how many there were; answers the exit code. */
export async function replayAll(source: Source, { json, each, none }: Saying): Promise<number> {
  const out = output({ json });
  // What Temporal logs of a failed replay may hold what was in the payloads.
  installTemporalLog(createLog('silent'));
  const code = { workflowBundle: { codePath: await buildWorkflowBundle() }, payloadKeys: source.payloadKeys };
  const failures: Failure[] = [];
  let count = 0;
  for await (const { name, failure } of replayed(code, source.histories)) {
    count += 1;
    if (failure) failures.push(failure);
    const line = failure ? `FAILED ${name}${eventOf(failure)}: ${failure.message}` : each ? `replayed ${name}` : undefined;
    if (line !== undefined && !json) {
      out.progress('');
      console.log(line);
    }
    out.progress(`${count} done, ${failures.length} failed`);
  }
  out.progress('');
  const [replays, failed] = [count - failures.length, failures.length];
  const said = count === 0 ? none : `${replays} replayed, ${failed} failed`;
  const { more = false } = source;
  out.result({ replayed: replays, failed, more, failures }, more ? `${said}; there are more than --limit` : said);
  return failed > 0 ? EXIT.failed : EXIT.done;
}

const eventOf = ({ event }: Failure): string => (event ? `, event ${event.id} (${event.type})` : '');
