import { randomUUID } from 'node:crypto';
import type { Message, Sent } from './answers.ts';
import { insist, type Request, requestOf } from './requests.ts';
import { digestOf } from './state.ts';
import type { Walker } from './walker.ts';

/** A message with what only this walk knows: digests, versions, keys. */
export async function prepare(walker: Walker, message: Message): Promise<Request> {
  const { group, person } = walker;
  if (!person) throw new Error('nobody is enrolled');
  const sent: Sent = { message };
  let sha256: string | null = null;
  if (message.kind === 'decision' && message.sha256 !== 'none') {
    const seen = await digestOfNow(walker);
    sha256 = message.sha256 === 'seen' ? seen.sha256 : 'f'.repeat(64);
    if (sha256 !== null) sent.digest = message.sha256 === 'seen' ? seen.digest : 'another';
  }
  if (message.kind === 'reconsent') {
    const newest = group.versionsSince(Date.now() + 1).certain;
    sent.version = message.how === 'outdated' ? -1 : newest;
    sent.complete = message.how === 'declined' || person.reads || message.how !== 'unwitnessed';
  }
  const key = message.kind === 'enrol' && message.key === 'same' ? person.enrolment.key : randomUUID();
  return requestOf(group, person, { sent, key, sha256 });
}

async function digestOfNow({ stage, group, person, states }: Walker): Promise<{ sha256: string | null; digest: string | null }> {
  const reply = await insist(stage.workers, () => group.study.clinician.get(`/enrollments/${person?.enrollmentId}/eligibility-decision`));
  const sha256 = (reply.body['evaluation'] as { sha256: string } | null)?.sha256 ?? null;
  const [digest = null] = new Set(states.map(digestOf));
  return { sha256, digest };
}
