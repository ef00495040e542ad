// Study on a real database; the workflow engine is a stand-in that takes reports, or is away.
import { setTimeout as delay } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiDeps } from '../../api/deps.ts';
import { sweepOutboxes } from '../../runtime/sweep-outboxes.ts';
import { DomainError } from '../../services/common/index.ts';
import { createWorld, type World } from '../services/study/fixture.ts';
import { testLog } from '../support/log.ts';
import { randomisedTrial } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

describe('the sweep', () => {
  it('comes to every code-break that is untold, a hundred at a time, also behind many that stay so, and after an outage', async () => {
    const { people: [one] } = await randomisedTrial(world, 1);
    const ids = Array.from({ length: 250 }, () => uuidv7()).toSorted();
    const about = { enrollment_id: one!.enrollmentId, result: 'broken', user_id: 'inv-7', name: 'x', role: 'investigator', reason: 'x', at: new Date() };
    await world.database.sql`insert into study.code_breaks ${world.database.sql(ids.map((id) => ({ id, ...about })))}`;
    const passes: number[] = [];
    const reported: string[] = [];
    let away = true;
    const patient: Pick<ApiDeps['clients']['patient'], 'listUntoldBreakGlass'> = { listUntoldBreakGlass: async () => ({ items: [] }) };
    const study: Pick<ApiDeps['clients']['study'], 'listUntoldCodeBreaks' | 'listUntoldMisuses'> = {
      listUntoldMisuses: async () => ({ items: [] }),
      listUntoldCodeBreaks: async (asked) => {
        const answer = await world.service.listUntoldCodeBreaks(asked);
        passes.push(answer.items.length);
        return answer;
      },
    };
    const enrollments: Pick<ApiDeps['enrollments'], 'reportCodeBreak'> = {
      reportCodeBreak: async ({ codeBreakId }) => {
        if (away) throw new DomainError('unavailable', 'workflow_engine_unavailable', 'away');
        reported.push(codeBreakId);
      },
    };
    const sweep = sweepOutboxes({ clients: { study, patient } as ApiDeps['clients'], enrollments: enrollments as ApiDeps['enrollments'], everyMs: 10, log: testLog });
    await expect.poll(() => passes.length).toBeGreaterThan(2);
    expect(reported).toEqual([]);
    away = false;
    await expect.poll(() => reported.length).toBeGreaterThanOrEqual(250);
    expect(new Set(reported.slice(0, 250))).toEqual(new Set(ids));
    expect(Math.max(...passes)).toBe(100);
    await sweep.stop();
    const before = passes.length;
    await delay(50);
    expect(passes).toHaveLength(before);
  });
});
