import { setTimeout as delay } from 'node:timers/promises';
import type { Rest } from './rest.ts';

/** What the demonstration looks at in an enrollment. */
export type Enrollment = { enrollmentId: string; stage: string; outcome?: string; needsAttention: boolean; awaiting?: { what: string } };

const LOOKS = 600;
const PAUSE_MS = 100;

/** Waits until the enrollment has come to what `seen` names; bounded, and then `still running`. */
export async function become(rest: Rest, enrollmentId: string, seen: (now: Enrollment) => string | undefined): Promise<string> {
  for (let look = 0; look < LOOKS; look += 1) {
    const result = seen(await rest.get<Enrollment>(`/enrollments/${enrollmentId}`));
    if (result !== undefined) return result;
    await delay(PAUSE_MS);
  }
  return 'still running';
}

/** Waits until something is awaited of a person; also when the enrollment has ended meanwhile. */
export async function awaited(rest: Rest, enrollmentId: string, what: string): Promise<void> {
  await become(rest, enrollmentId, ({ awaiting, outcome }) => outcome ?? (awaiting?.what === what ? what : undefined));
}
