import { setTimeout as delay } from 'node:timers/promises';
import type { Rest } from './rest.ts';

/** What the demonstration looks at in an enrollment. */
export type Enrollment = { enrollmentId: string; stage: string; outcome?: string; needsAttention: boolean; awaiting?: { what: string } };

const WITHIN_MS = 120_000;
/** Sixteen look at once: asking ten times a second each, they would take the time of what they wait for. */
const PAUSE_MS = { first: 100, longest: 1000, growth: 1.5 };

/** Waits until the enrollment has come to what `seen` names; bounded, and then `still running`. */
export async function become(rest: Rest, enrollmentId: string, seen: (now: Enrollment) => string | undefined): Promise<string> {
  const deadline = Date.now() + WITHIN_MS;
  for (let pause = PAUSE_MS.first; Date.now() < deadline; pause = Math.min(PAUSE_MS.longest, pause * PAUSE_MS.growth)) {
    const result = seen(await rest.get<Enrollment>(`/enrollments/${enrollmentId}`));
    if (result !== undefined) return result;
    await delay(pause);
  }
  return 'still running';
}

/** Waits until something is awaited of a person; also when the enrollment has ended meanwhile. */
export async function awaited(rest: Rest, enrollmentId: string, what: string): Promise<void> {
  await become(rest, enrollmentId, ({ awaiting, outcome }) => outcome ?? (awaiting?.what === what ? what : undefined));
}
