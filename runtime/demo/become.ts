import { setTimeout as delay } from 'node:timers/promises';
import type { Rest } from './rest.ts';

/** What the demonstration looks at in an enrollment. */
export type Enrollment = { enrollmentId: string; outcome?: string; needsAttention: boolean; awaiting?: { what: string } };

const LOOKS = 300;
const PAUSE_MS = 100;

/** Waits until the enrollment has come to what `seen` names, or needs an operator; bounded, and then `still running`. */
export async function become(rest: Rest, enrollmentId: string, seen: (now: Enrollment) => string | undefined): Promise<string> {
  for (let look = 0; look < LOOKS; look += 1) {
    const now = await rest.get<Enrollment>(`/enrollments/${enrollmentId}`);
    const result = now.needsAttention ? 'parked' : seen(now);
    if (result !== undefined) return result;
    await delay(PAUSE_MS);
  }
  return 'still running';
}
