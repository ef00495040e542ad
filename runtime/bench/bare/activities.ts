import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';

/** An activity of the bare workflow: one short transaction with one insert. */
export function bareActivities(sql: postgres.Sql) {
  const insert = async (id: string): Promise<void> => {
    await sql.begin((tx) => tx`insert into bench.bare (id, run) values (${randomUUID()}, ${id})`);
  };
  return {
    recordConsent: insert,
    openEnrollment: insert,
    reserveSlot: insert,
    enrollParticipant: insert,
    openCasebook: insert,
    startEpro: insert,
    confirmSlot: insert,
    sendNotice: insert,
    recordOutcome: insert,
  };
}

export type BareActivities = ReturnType<typeof bareActivities>;
