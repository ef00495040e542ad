import { isDeepStrictEqual } from 'node:util';
import { codeOf, insist, otherContent } from './requests.ts';
import type { LogEntry, Walker } from './walker.ts';

const OVER = ['enrollment_closed', 'already_withdrawn'];

/** An old request again: the same content has its first answer, other content is refused. */
export async function repeat(walker: Walker, { request, reply, enrollmentId }: LogEntry, content: 'same' | 'other'): Promise<void> {
  const { sent, who, path, body, key } = request;
  const stored = sent.message.kind === 'withdrawal';
  const again = await insist(walker.stage.workers, () => who.post(path, content === 'same' ? body : otherContent(body), key), { stored });
  walker.say(`  again, ${content} content, ${JSON.stringify(sent.message)}: ${again.status} ${codeOf(again)}`);
  if (content === 'other') {
    const open = enrollmentId === walker.person?.enrollmentId && walker.states.every(({ place }) => place !== 'ended' && place !== 'telling-end');
    if (again.status !== 409 || (open && again.body['code'] !== 'key_reused')) walker.fail(`other content under a known key was answered ${again.status} ${String(again.body['code'])}`);
    return;
  }
  const first = reply.status === 202 && again.status === 201 ? 201 : reply.status;
  // What was refused stays refused, but why may be said otherwise: that it is over, or that the form lacks a signature,
  // which is looked at before the run is asked.
  const refusedOtherwise = first === 409 && (OVER.includes(codeOf(again)) || codeOf(again) === 'signers_missing');
  const same = refusedOtherwise || (again.status === first && codeOf(again) === codeOf(reply) && again.body['enrollmentId'] === reply.body['enrollmentId']);
  const whole = ['results', 'decision', 'invalidation', 'reconsent', 'randomisation', 'code-break', 'unblinding'].includes(sent.message.kind) && reply.status < 300;
  if (!same || (whole && !isDeepStrictEqual(again.body, reply.body))) {
    walker.fail(`the same request under its key was answered ${reply.status} ${JSON.stringify(reply.body)} first, and now ${again.status} ${JSON.stringify(again.body)}`);
  }
}
