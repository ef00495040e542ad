import { isDeepStrictEqual } from 'node:util';
import type { Reply } from './answers.ts';
import { randomised } from './randomising.ts';
import { insist } from './requests.ts';
import type { Place, State, Surroundings } from './state.ts';
import type { Walker } from './walker.ts';

/** Here Study may have no record yet, or just none: it is written by its own steps and when a wait begins. */
const BEFORE_RECORD: readonly Place[] = ['recording-consent', 'validating', 'opening', 'undoing', 'concluding'];

/** Replies to a code-break, or to a request to unblind the subject: both are of Study alone, and change nothing of the run. */
export function toUnblinding(state: State, around: Surroundings): Reply[] {
  const told = (next: State): Reply => ({ answer: { status: 201 }, next });
  const none = (code: string, status: number): Reply => ({ answer: { status, code }, next: state });
  if (state.pastPivot && around.rules.randomises) return [told(state)];
  if (state.place === 'settling-randomisation' && state.lost === 'randomised') return [told(state)];
  // While it is being randomised the COMMIT may have been made: then nothing but the pivot can follow.
  const committed = state.place === 'randomising' ? afterCommit(state, around) : [];
  const unknown = BEFORE_RECORD.includes(state.place) ? [none('enrollment_not_found', 404)] : [];
  return [...committed.map(told), none('not_randomised', 409), ...unknown];
}

function afterCommit(state: State, around: Surroundings): State[] {
  const mode = around.faults.get('randomiseParticipant');
  if (mode === 'fails') return [];
  if (mode === 'loses') return [{ ...state, place: 'settling-randomisation', lost: 'randomised' }];
  return randomised(state, around);
}

/** Whoever was told an arm was told the one of the list; who asked to unblind sees it once somebody else has approved. */
export async function rightArm({ log, group, person, stage }: Walker): Promise<string[]> {
  const { study, people } = group;
  const enrollmentId = person?.enrollmentId ?? '';
  const mine = log.filter((entry) => entry.enrollmentId === enrollmentId && entry.reply.status === 201);
  const [entry] = await stage.at.database.sql<{ arm: string }[]>`
    select e.arm from study.allocations a join study.randomisation_entries e on e.stratum_id = a.stratum_id and e.position = a.position
    where a.enrollment_id = ${enrollmentId}`;
  const breaks = mine.filter(({ request }) => request.sent.message.kind === 'code-break');
  const wrong = breaks.filter(({ reply }) => reply.body['arm'] !== entry?.arm).map(({ reply }) => `told the arm ${String(reply.body['arm'])}, which is ${entry?.arm}`);
  const [asked] = mine.filter(({ request }) => request.sent.message.kind === 'unblinding');
  if (!asked) return wrong;
  const assignment = () => insist(stage.workers, () => people.sponsor.get(`/enrollments/${enrollmentId}/treatment-assignment`));
  const before = await assignment();
  const unblindingId = String(asked.reply.body['unblindingId']);
  const approval = await insist(stage.workers, () => people.medicalMonitor.post(`/studies/${study.studyId}/unblindings/${unblindingId}/approve`, {}, `approve-${unblindingId}`));
  const seen = await assignment();
  const right = approval.status === 200 && isDeepStrictEqual(seen.body['arm'], entry?.arm);
  // A walk is looked at twice after its end: the second time it has been approved.
  return [...wrong, ...(right ? [] : [`unblinded: ${before.status}, approved ${approval.status}, then ${seen.status} ${String(seen.body['arm'])}`])];
}
