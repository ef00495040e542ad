import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../db/index.ts';
import type { ProtocolInput } from '../../../services/study/index.ts';
import type { EnrollmentIdentity } from '../../../services/study/types.ts';
import { CONSENT, createTrial, createWorld, ctx, enterResults, evaluate, identityOf, key, NOW, open, PROTOCOL, SIGNED_AT, type World } from './fixture.ts';
import { auditOf } from '../../support/audit.ts';

const CRITERIA: ProtocolInput = {
  ...PROTOCOL,
  criteria: [
    { code: 'I01', kind: 'inclusion', text: 'Age 18 or over', item: 'AGE', operator: '>=', value: 18 },
    { code: 'I02', kind: 'inclusion', text: 'Biopsy within 28 days', item: 'BIOPSY', operator: '>=', value: { relativeTo: 'consent', offset: '-P28D' } },
    { code: 'E03', kind: 'exclusion', text: 'eGFR below 30', item: 'EGFR', operator: '<', value: 30, unit: 'mL/min' },
    { code: 'E04', kind: 'exclusion', text: 'eGFR above 200', item: 'EGFR', operator: '>', value: 200, unit: 'mL/min' },
  ],
};

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

async function screened(protocol: ProtocolInput = CRITERIA): Promise<EnrollmentIdentity> {
  const identity = identityOf(await createTrial(world, protocol));
  await open(world.service, identity);
  return identity;
}

const ALL: Parameters<typeof enterResults>[2] = [['AGE', 44], ['BIOPSY', '2026-11-01'], ['EGFR', 90, 'mL/min']];
const get = ({ enrollmentId }: EnrollmentIdentity) => world.service.getEligibility({ ctx, input: { enrollmentId } });
const rows = ({ enrollmentId }: EnrollmentIdentity) => world.database.sql`select * from study.eligibility_evaluations where enrollment_id = ${enrollmentId} order by id`;

describe('an evaluation of the criteria', () => {
  it('waits for values, naming each item once, also when something has failed already', async () => {
    const identity = await screened();
    expect(await evaluate(world, identity)).toMatchObject({ verdict: 'incomplete', failed: [], missing: ['AGE', 'BIOPSY', 'EGFR'] });
    enterResults(world, identity, [['AGE', 17]]);
    expect(await evaluate(world, identity)).toMatchObject({ verdict: 'incomplete', failed: ['I01'], missing: ['BIOPSY', 'EGFR'] });
  });

  it('says which criteria failed, and goes by the current values only', async () => {
    const identity = await screened();
    enterResults(world, identity, [['EGFR', 29, 'mL/min'], ['AGE', 17], ['BIOPSY', '2026-11-01'], ['AGE', 18], ['EGFR', 90, 'mL/min']]);
    expect(await evaluate(world, identity)).toMatchObject({ verdict: 'failed', failed: ['I01', 'E03'], missing: [] });
    enterResults(world, identity, ALL);
    const screening = world.screenings.get(identity.enrollmentId)!;
    screening.results.unshift({ ...screening.results[0]!, value: 17, current: false });
    expect(await evaluate(world, identity)).toMatchObject({ verdict: 'met', failed: [], missing: [] });
  });

  it('is met at once where the protocol has no criteria', async () => {
    expect(await evaluate(world, await screened(PROTOCOL))).toMatchObject({ verdict: 'met', failed: [], missing: [] });
  });

  it('is kept each time, with what it was about, and moves the record and the timeline', async () => {
    const identity = await screened();
    const { enrollmentId } = identity;
    await evaluate(world, identity);
    enterResults(world, identity, ALL);
    const { evaluationId, sha256 } = await evaluate(world, identity, { revision: 3 });
    const kept = await rows(identity);
    expect(kept).toMatchObject([
      { verdict: 'incomplete', edc_revision: 0 },
      { id: evaluationId, sha256, verdict: 'met', round: 1, consent_id: enrollmentId, consent_version: '3.0', consent_language: 'zh-CN', edc_revision: 3, at: NOW },
    ]);
    expect(kept[1]?.['consent_signed_at']).toEqual(new Date(SIGNED_AT));
    expect(await world.service.getEnrollment({ ctx, input: { enrollmentId } })).toMatchObject({ stage: 'screening', status: 'screening', revision: 3 });
    const { items } = await world.service.enrollmentTimeline({ ctx, input: { enrollmentId } });
    expect(items.slice(1)).toMatchObject([
      { event: 'ELIGIBILITY EVALUATED', stage: 'screening', actor: { id: 'coord-1' }, details: { verdict: 'incomplete', failed: [] } },
      { event: 'ELIGIBILITY EVALUATED', stage: 'screening', details: { verdict: 'met', failed: [] } },
    ]);
    const audit = await auditOf(world.database.sql, 'study', world.database.sql`entity_id = ${evaluationId}`);
    expect(audit).toMatchObject([{ action: 'C', verb: 'evaluateEligibility', after: { verdict: 'met', sha256 } }]);
  });

  it('is evaluated once under a key, whatever EDC has been given since and whatever the revision', async () => {
    const identity = await screened();
    const same = key();
    const answers = await Promise.all([evaluate(world, identity, { key: same }), evaluate(world, identity, { key: same, revision: 5 })]);
    enterResults(world, identity, ALL);
    expect([...answers, await evaluate(world, identity, { key: same, revision: 6 })]).toEqual([answers[0], answers[0], answers[0]]);
    expect(await rows(identity)).toHaveLength(1);
    await expect(evaluate(world, identity, { key: same, version: '3.1' })).rejects.toMatchObject({ code: 'key_reused' });
  });

  it('answers and keeps with its key no value of a person', async () => {
    const identity = await screened();
    enterResults(world, identity, [['AGE', 44], ['BIOPSY', '2026-11-01'], ['EGFR', 12.345, 'mL/min']]);
    const used = key();
    const answer = await evaluate(world, identity, { key: used });
    const [command] = await world.database.sql`select result from study.command_keys where key = ${used}`;
    expect(command?.['result']).toEqual(answer);
    expect(JSON.stringify(answer)).not.toMatch(/12\.345|2026-11-01/);
  });

  it('is refused before the opening and after the outcome, and when EDC does not answer', async () => {
    const early = identityOf(await createTrial(world, CRITERIA));
    await expect(evaluate(world, early)).rejects.toMatchObject({ code: 'out_of_order', details: { requires: 'openEnrollment' } });
    const ended = await screened();
    await world.service.recordOutcome({ ctx, key: key(), input: { identity: ended, revision: 2, outcome: 'declined', stage: 'screening', reason: null } });
    await expect(evaluate(world, ended)).rejects.toMatchObject({ code: 'enrollment_closed', retryable: false });
    const { get: answering } = world.screenings;
    world.screenings.get = () => {
      throw new Error('away');
    };
    await expect(evaluate(world, await screened())).rejects.toThrow('away');
    world.screenings.get = answering;
  });
});

describe('what a signature is bound to', () => {
  it('can be computed from what is shown: enrollment, protocol version, consent version and each criterion', async () => {
    const identity = await screened();
    enterResults(world, identity, ALL);
    const { sha256 } = await evaluate(world, identity);
    const { evaluation, decisions } = await get(identity);
    expect(evaluation).toMatchObject({ round: 1, verdict: 'met', sha256, at: NOW.toISOString(), consentVersion: '3.0' });
    expect(evaluation?.criteria).toMatchObject([
      { code: 'I01', item: 'AGE', result: 'met', value: 44, unit: null },
      { code: 'I02', item: 'BIOPSY', result: 'met', value: '2026-11-01' },
      { code: 'E03', kind: 'exclusion', text: 'eGFR below 30', result: 'met', value: 90, unit: 'mL/min' },
      { code: 'E04', result: 'met' },
    ]);
    expect(decisions).toEqual([]);
    const { enrollmentId, protocolVersionId } = identity;
    const seen = { enrollmentId, protocolVersionId, consent: CONSENT, criteria: evaluation?.criteria };
    expect(createHash('sha256').update(canonicalJson(seen)).digest('hex')).toBe(sha256);
  });

  it('is the same for the same values, and another for another value, consent version or enrollment', async () => {
    const [identity, other] = [await screened(), await screened()];
    for (const one of [identity, other]) enterResults(world, one, ALL);
    const first = await evaluate(world, identity);
    expect((await evaluate(world, identity)).sha256).toBe(first.sha256);
    const { sha256: reconsented } = await evaluate(world, identity, { version: '3.1' });
    enterResults(world, identity, [['AGE', 45], ...ALL.slice(1)]);
    const { sha256: corrected } = await evaluate(world, identity);
    const { sha256: others } = await evaluate(world, other);
    expect(new Set([first.sha256, reconsented, corrected, others]).size).toBe(4);
  });

  it('is the latest evaluation; there is none before the first', async () => {
    const identity = await screened();
    expect(await get(identity)).toEqual({ evaluation: null, decisions: [] });
    await evaluate(world, identity);
    enterResults(world, identity, ALL);
    await evaluate(world, identity);
    expect((await get(identity)).evaluation?.verdict).toBe('met');
  });
});
