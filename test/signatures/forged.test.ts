import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invalidateEligibility, recordScreening, resolveStep, signEligibility, TASK_QUEUE, withdraw, WORKFLOW_TYPE } from '../../workflows/consent-to-enrollment/messages.ts';
import type { MessageEnvelope } from '../../workflows/consent-to-enrollment/types.ts';
import { directStudy, type DirectStudy, type EnrollmentBody, resultsOf, SCREENED_PROTOCOL, ELIGIBLE } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { eventually, Faults } from '../enrollment/faults.ts';

/** What somebody can do who has access to Temporal, by its UI or its command line, and none to the API's key. */
describe('a message that was not sent through the API', () => {
  const faults = new Faults();
  let at: TestSystem;
  let study: DirectStudy;
  beforeAll(async () => {
    at = await startTestSystem({ interceptors: faults.interceptors });
    study = await directStudy(at, { protocol: SCREENED_PROTOCOL, cap: 100 });
  });
  afterAll(async () => {
    await faults.clear();
    await at.stop();
  });

  const DOCTOR = { id: 'doctor-1', name: 'doctor-1', role: 'investigator' } as const;
  const awaits = (what: string) => (now: EnrollmentBody) => now.awaiting?.what === what;
  const begun = async () => {
    const patientId = await study.register();
    const answer = await study.enrol(patientId);
    expect(answer.status).toBe(201);
    const { enrollmentId } = answer.body;
    await study.until(enrollmentId, awaits('screening_results'));
    return { patientId, enrollmentId, handle: at.system.client.workflow.getHandle(`enrollment/${study.studyCode}/${patientId}`) };
  };
  const met = async () => {
    const one = await begun();
    expect(await study.screen(one.enrollmentId)).toMatchObject({ status: 201, body: { verdict: 'met' } });
    await study.until(one.enrollmentId, awaits('eligibility'));
    const { body } = await study.clinician.get<{ evaluation: { sha256: string } }>(`/enrollments/${one.enrollmentId}/eligibility-decision`);
    return { ...one, sha256: body.evaluation.sha256 };
  };
  const envelope = (enrollmentId: string, more: Partial<MessageEnvelope> = {}): MessageEnvelope =>
    ({ enrollmentId, key: `forged/${randomUUID()}`, contentHash: 'forged', actor: DOCTOR, requestId: 'forged', ...more });
  const refusalOf = async (work: Promise<unknown>): Promise<string | undefined> => {
    const failure = await work.then(() => undefined, (error: unknown) => error);
    return failure instanceof WorkflowUpdateFailedError ? ((failure.cause as { type?: string }).type ?? 'unknown') : undefined;
  };
  const misusesOf = async (about: string) =>
    (await at.database.sql<{ why: string; via: string }[]>`select why, via from study.misuses where about = ${about} order by id`).map(({ why, via }) => `${why} ${via}`);
  const decisionsOf = (enrollmentId: string) => at.database.sql`select signer_user_id from study.eligibility_decisions where enrollment_id = ${enrollmentId}`;
  /** The assertion that the API has signed for a message which the run took. */
  const assertionIn = async (handle: Awaited<ReturnType<typeof begun>>['handle'], update: string): Promise<string> => {
    const { events = [] } = await handle.fetchHistory();
    for (const event of events ?? []) {
      const request = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
      if (request?.input?.name !== update) continue;
      const [message] = await Promise.all((request.input.args?.payloads ?? []).map(async (payload) => decode(payload)));
      return (message as { assertion: string }).assertion;
    }
    throw new Error('no such update');
  };
  const decode = async (payload: unknown): Promise<unknown> => {
    const { payloadConverter, payloadCodecs } = at.system.client.options.loadedDataConverter;
    let payloads = [payload as never];
    for (const codec of payloadCodecs.toReversed()) payloads = (await codec.decode(payloads)) as never;
    return payloadConverter.fromPayload(payloads[0] as never);
  };

  it('signs nothing in anybody’s name, and is noted', async () => {
    const { enrollmentId, handle, sha256 } = await met();
    const message = { ...envelope(enrollmentId), decision: 'eligible' as const, reason: null, meaning: 'I have reviewed the criteria', sha256 };
    expect(await refusalOf(handle.executeUpdate(signEligibility, { args: [message] }))).toBe('command_not_authentic');
    expect(await refusalOf(handle.executeUpdate(signEligibility, { args: [{ ...message, key: randomUUID(), assertion: 'a.b.c' }] }))).toBe('command_not_authentic');
    expect(await decisionsOf(enrollmentId)).toEqual([]);
    expect(await misusesOf(enrollmentId)).toEqual(['missing study', 'not_signed study']);
    // The run goes on: the person herself signs.
    expect((await study.decide(enrollmentId)).status).toBe(201);
    expect(await decisionsOf(enrollmentId)).toEqual([{ signer_user_id: 'doctor-1' }]);
  });

  it('with the assertion of another command signs nothing: other person, enrollment, content, operation, or the same once more', async () => {
    const first = await met();
    expect((await study.decide(first.enrollmentId, 'eligible')).status).toBe(201);
    const assertion = await assertionIn(first.handle, 'signEligibility');
    const other = await met();
    const decision = { decision: 'eligible' as const, reason: null, meaning: 'I have reviewed the criteria' };
    const forge = (more: object) => refusalOf(other.handle.executeUpdate(signEligibility, { args: [{ ...envelope(other.enrollmentId), ...decision, sha256: other.sha256, assertion, ...more }] }));
    expect(await forge({})).toBe('command_not_authentic');
    const results = await assertionIn(other.handle, 'recordScreening');
    expect(await forge({ assertion: results })).toBe('command_not_authentic');
    expect(await misusesOf(other.enrollmentId)).toEqual(['other_command study', 'other_command study']);
    const resent = (more: object) => refusalOf(other.handle.executeUpdate(recordScreening, { args: [{ ...envelope(other.enrollmentId), actor: CLINICIAN, results: resultsOf(ELIGIBLE) as never, assertion: results, ...more }] }));
    expect(await resent({ actor: DOCTOR })).toBe('command_not_authentic');
    expect(await resent({ results: resultsOf({ AGE: 12 }) })).toBe('command_not_authentic');
    expect(await misusesOf(other.enrollmentId)).toEqual(['other_command study', 'other_command study', 'other_person edc', 'other_content edc']);
    expect(await decisionsOf(other.enrollmentId)).toEqual([]);
  });

  const CLINICIAN = { id: 'clinician-1', name: 'clinician-1', role: 'clinician' } as const;

  it('that is sent again as it was, under another key, has no second effect', async () => {
    const one = await met();
    expect((await study.decide(one.enrollmentId)).status).toBe(201);
    await study.until(one.enrollmentId, (now) => now.outcome !== undefined);
    const two = await begun();
    const values = resultsOf({ AGE: 44 });
    expect((await study.clinician.post(`/enrollments/${two.enrollmentId}/screening-results`, { results: values })).status).toBe(201);
    const assertion = await assertionIn(two.handle, 'recordScreening');
    expect((await study.clinician.post(`/enrollments/${two.enrollmentId}/screening-results`, { results: [{ ...values[0], value: 45, reason: 'typing error' }] })).status).toBe(201);
    const again = { ...envelope(two.enrollmentId), actor: CLINICIAN, results: values as never, assertion };
    expect(await refusalOf(two.handle.executeUpdate(recordScreening, { args: [again] }))).toBe('command_not_authentic');
    const [current] = await at.database.sql`select value from edc.screening_results r join edc.screenings s on s.id = r.screening_id where s.enrollment_id = ${two.enrollmentId} and r.current`;
    expect(current).toEqual({ value: 45 });
  });

  it('invalidates no decision', async () => {
    const one = await met();
    const hold = faults.hold('reserveSlot', 'before', one.patientId);
    expect((await study.decide(one.enrollmentId)).status).toBe(201);
    expect(await refusalOf(one.handle.executeUpdate(invalidateEligibility, { args: [{ ...envelope(one.enrollmentId), reason: 'forged' }] }))).toBe('command_not_authentic');
    const [row] = await at.database.sql`select invalidated_at from study.eligibility_decisions where enrollment_id = ${one.enrollmentId}`;
    expect(row).toEqual({ invalidated_at: null });
    await hold.release();
  });

  it('withdraws and aborts in nobody’s name', async () => {
    const withdrawn = await begun();
    const scope = { scope: 'all_data_collection', decidedBy: 'participant', reason: null } as const;
    await withdrawn.handle.executeUpdate(withdraw, { args: [{ ...envelope(withdrawn.enrollmentId), ...scope }] });
    const aborted = await begun();
    await aborted.handle.executeUpdate(resolveStep, { args: [{ ...envelope(aborted.enrollmentId), action: 'abort', reason: 'forged' }] });
    for (const { enrollmentId } of [withdrawn, aborted]) {
      await study.until(enrollmentId, (now) => now.outcome !== undefined);
      const [milestone] = await at.database.sql`select actor from study.milestones where enrollment_id = ${enrollmentId} and event = 'OUTCOME RECORDED'`;
      expect(milestone!['actor']).toMatchObject({ onBehalfOf: { id: 'unverified' } });
      expect(await misusesOf(enrollmentId)).toEqual(['missing study']);
    }
  });

  it('starts no enrollment with a consent that nobody has recorded', async () => {
    const real = await begun();
    const { events } = await real.handle.fetchHistory();
    const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    const input = (await decode(payload)) as Record<string, unknown>;
    const patientId = await study.register();
    const enrollmentId = randomUUID();
    for (const { assertion } of [{ assertion: undefined }, input as { assertion: string }]) {
      const forged = { ...input, patientId, enrollmentId, requestKey: randomUUID(), assertion };
      const handle = await at.system.client.workflow.start(WORKFLOW_TYPE, { workflowId: `enrollment/${study.studyCode}/${patientId}`, taskQueue: TASK_QUEUE, args: [forged] });
      await eventually('it is refused', async () => (await misusesOf(enrollmentId)).length > 0);
      expect(await at.database.sql`select 1 from patient.consents where patient_id = ${patientId}`).toEqual([]);
      await handle.terminate();
      await at.database.sql`delete from study.misuses where about = ${enrollmentId}`;
    }
  });
});
