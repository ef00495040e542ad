import { uuidv7 } from 'uuidv7';
import { MOST_REFUSED } from '../../../services/study/misuse/note-misuse.ts';
import type { Actor, Ctx } from '../../../services/common/index.ts';
import type { ProtocolInput } from '../../../services/study/index.ts';
import type { EnrollmentIdentity, RecordOutcome, RecordProgress, SignEligibility } from '../../../services/study/types.ts';
import { enrolledMany, randomise, randomising } from '../../randomisation/world.ts';
import { addConsentVersion, CONSENT, createTrial, ctx, enroll, enterResults, evaluate, identityOf, key, NOW, open, type Trial, type World } from '../../services/study/fixture.ts';
import { ARM, as, delegate, randomisedTrial } from '../../unblinding/world.ts';
import type { Samples } from './fields.ts';
import { auditSamples } from './audit-samples.ts';

const criterion = { kind: 'inclusion' } as const;
/** A protocol with everything that one may have, and values that a careless conversion would change. */
export const FULL: ProtocolInput = {
  version: '2.0',
  effectiveAt: '2026-01-15T08:00:00+08:00',
  consentRule: 'DE',
  screening: { windowDays: 28, maxRescreens: 1 },
  criteria: [
    { ...criterion, code: 'I01', text: '年满 18 周岁 – “adult”', item: 'AGE', operator: '>=', value: 18, unit: 'a' },
    { ...criterion, code: 'I02', text: 'Hämoglobin ≥ 0,1', item: 'HB', operator: '>=', value: 0.1, unit: 'g/dL', ifMissing: 'wait' },
    { ...criterion, code: 'I03', text: 'last dose', item: 'LAST_DOSE', operator: '<=', value: { relativeTo: 'consent', offset: '-P28D' }, ifMissing: 'met' },
    { kind: 'exclusion', code: 'E01', text: 'pregnant', item: 'PREGNANT', operator: '=', value: true, ifMissing: 'met' },
    { ...criterion, code: 'I04', text: 'stage', item: 'STAGE', operator: 'in', value: ['Ⅱ', '3', 3, 0.1, false], ifMissing: 'met' },
    { kind: 'exclusion', code: 'E02', text: 'trace 😀', item: 'TRACE', operator: 'in', value: [1e-7, 9_007_199_254_740_991, -1.5, 0], ifMissing: 'met' },
  ],
  eligibilitySignature: { reminder: 'P1D', expiry: 'P3D' },
  randomisation: {
    arms: [{ code: ARM, ratio: 2 }, { code: 'PLACEBO-Y', ratio: 1 }],
    strata: [{ code: 'sex', levels: ['female', 'male'] }],
    blockSizes: [3, 6],
    bySite: true,
    autoRandomise: false,
    freesCapOnWithdrawal: true,
  },
  visits: [
    { code: 'V1', anchor: 'enrollment', offset: 'P0D', window: 'P3D', forms: ['DM', 'VS'] },
    { code: 'V2', anchor: 'randomisation', offset: 'P4W', window: 'PT12H', forms: ['AE'] },
  ],
  epro: [{ form: 'DIARY', every: 'P1D', at: '20:00', for: 'P28D' }],
  slotTimeToLive: 'PT36H',
  reconsentDeadline: 'P730D',
  subjectNumberPattern: '{study}/{site}-{sequence:4}',
};
/** Screens and lets decide, and randomises nobody. */
const { randomisation: _randomisation, ...UNRANDOMISED } = FULL;
const SCREENED: ProtocolInput = { ...UNRANDOMISED, visits: [] };

const LI = { id: 'crc-1', name: '李 Müller-Søren', role: 'coordinator' } as const;
const ACTORS: Actor[] = [
  { kind: 'user', ...LI },
  { kind: 'workflow', workflow: 'consentToEnrollment', onBehalfOf: LI },
  { kind: 'service', service: 'study' },
];
const by = (actor: Actor): Ctx => ({ actor, requestId: 'test' });
const SPONSOR = as('sponsor', 'spo-1');
const MONITOR = by({ kind: 'user', id: 'med-1', name: 'Dr. Åse 王', role: 'medical-monitor' });
const STATISTICIAN = as('statistician', 'sta-1');
const INVESTIGATOR = as('investigator', 'inv-7');
const SIGNER = { userId: 'inv-7', name: '王敏 Wang Min' };

const read = (input: object, as_: Ctx = ctx) => ({ ctx: as_, input });
const command = (input: object, as_: Ctx = ctx) => ({ ctx: as_, key: key(), input });

/** The last id there may be: before it comes everything. */
const LAST = 'ffffffff-ffff-7fff-bfff-ffffffffffff';
const limit = 50;

/**
 * What every verb of Study is asked, about studies, records and requests made for it. The code-break that the limit
 * refuses is apart: its answer reads differently over the wire.
 */
export async function studySamples(world: World): Promise<{ samples: Samples; refusedBreak: Samples[string][number] }> {
  const rich = await createTrial(world, FULL);
  const direct = await createTrial(world);
  const parts = [await setUp(world, rich, direct), await records(world, direct), await eligibility(world), await summaries(world, direct)];
  const { refusedBreak, ...unblinding } = await unblindingOf(world, direct);
  return { samples: Object.assign({}, ...parts, unblinding) as Samples, refusedBreak };
}

async function setUp(world: World, rich: Trial, direct: Trial): Promise<Samples> {
  const { service } = world;
  const { studyId, siteId } = rich;
  const code = `ONC-${uuidv7().slice(-10)}`;
  const full = { title: '一项随机、双盲试验 — “Étude Ω”', phase: 'Ⅱ/Ⅲ', sponsor: 'Größe & Söhne 🏥' };
  const { studyId: named } = await service.createStudy({ ctx, key: key(), input: { code, ...full } });
  const first = { version: '1.0', documentSha256: 'ab'.repeat(32) };
  await addConsentVersion(world, rich, first);
  await addConsentVersion(world, rich, { version: '2.0', effectiveAt: '2026-07-01T00:00:00.000Z' });
  await addConsentVersion(world, direct, { version: '1.0', concerns: '新的风险', appliesTo: 'new' });
  const person = { userId: 'dr.mueller@kh', name: '赵磊 “Zhào”', email: 'zhao+trial@hospital.example' };
  const sub = { studyId, siteId, ...person, role: 'sub' };
  const contact = { studyId, ...person, role: 'sponsor' };
  await service.addInvestigator(command(sub) as never);
  await service.addContact(command(contact) as never);
  await service.addContact(command({ ...contact, siteId, role: 'coordinator' }) as never);
  await service.addDelegation(command({ studyId, siteId, userId: 'del-9', tasks: ['consent'], from: '2026-01-01T00:00:00.000Z' }) as never);
  const delegation = { studyId, siteId, userId: 'del-8', tasks: ['consent', 'eligibility', 'unblinding'], from: '2026-01-01T00:00:00.000Z', to: '2026-12-31T23:59:59.999Z' };
  const { delegationId } = await service.addDelegation(command(delegation) as never);
  const judged = { studyId, siteId, language: CONSENT.language, ...first, signedAt: '2026-06-30T23:59:59.999Z', discusserUserId: 'del-9' };
  const consentVersion = { studyId, siteId, language: 'zh-Hans-CN', approvedAt: '2026-06-01T00:00:00.000Z', effectiveAt: '2026-06-02T00:00:00.000Z', documentSha256: '0'.repeat(64) };
  return {
    createStudy: [
      command({ code: `A-${uuidv7().slice(-10)}`, ...full }),
      command({ code: `B-${uuidv7().slice(-10)}`, title: 'A' }),
      command({ code: `C-${uuidv7().slice(-10)}`, title: 'A', phase: undefined, sponsor: 'S' }),
    ],
    addProtocolVersion: [
      command({ studyId: named, protocol: FULL }),
      command({ studyId: named, protocol: { version: 'minimal', effectiveAt: '2026-01-01T00:00:00Z' } }),
      command({ studyId: named, protocol: { ...SCREENED, version: 'screened', epro: undefined, criteria: [] } }),
    ],
    addConsentVersion: [
      command({ ...consentVersion, version: '5.0', concerns: 'Neue Risiken – 新的风险', appliesTo: 'new' }),
      command({ ...consentVersion, version: '6.0', effectiveAt: '2026-06-03T00:00:00.000Z' }),
      command({ ...consentVersion, version: '5.5', effectiveAt: '2026-06-02T12:00:00.000Z', concerns: undefined, appliesTo: 'all' }),
    ],
    addInvestigator: [command({ ...sub, userId: 'inv-9', role: 'principal' }), command({ ...sub, name: 'Zhào Lěi' })],
    addContact: [command({ ...contact, role: 'monitor' }), command({ ...contact, siteId, role: 'pharmacist' }), command({ ...contact, siteId: undefined, name: 'corrected' })],
    addDelegation: [command({ ...delegation, userId: 'del-7' }), command({ ...delegation, to: undefined, tasks: ['consent'] })],
    endDelegation: [command({ studyId, delegationId }), command({ studyId, delegationId })],
    checkAdmission: await admissions(world, rich, direct),
    judgeConsent: [
      read(judged),
      read({ ...judged, discusserUserId: null }),
      read({ ...judged, discusserUserId: 'nobody' }),
      read({ ...judged, signedAt: '2026-07-01T00:00:00.000Z' }),
    ],
    consentIsCurrent: [
      read({ studyId, siteId, language: CONSENT.language, version: '1.0' }),
      read({ studyId, siteId, language: CONSENT.language, version: '2.0' }),
      read({ studyId, siteId, language: 'de', version: 'unheard-of' }),
    ],
    getStudy: [read({ studyId: named }), read({ studyId }), read({ studyId: uuidv7() })],
    getStudyByCode: [read({ code }), read({ code: rich.studyCode }), read({ code: '没有' })],
    listStudies: [
      read({ limit: 200 }),
      read({ limit: 2 }),
      read({ limit: 2, cursor: LAST, studyIds: [studyId, named, uuidv7()] }),
      read({ limit, cursor: named }),
      read({ limit, studyIds: [] }),
      read({ limit, studyIds: undefined, cursor: undefined }),
    ],
    getProtocol: [read({ protocolVersionId: rich.protocolVersionId }), read({ protocolVersionId: direct.protocolVersionId })],
    findProtocolVersion: [read({ studyId, version: '2.0' }), read({ studyId, version: '9.9' })],
    listRecipients: [
      read({ studyId, siteId, roles: ['principal', 'sub', 'sponsor', 'coordinator', 'monitor', 'unheard-of'] }),
      read({ studyId, siteId: uuidv7(), roles: ['principal', 'sponsor'] }),
      read({ studyId, siteId, roles: [] }),
    ],
  };
}

async function admissions(world: World, rich: Trial, direct: Trial) {
  const asked = (trial: Pick<Trial, 'studyId' | 'siteId'>, more: Partial<EnrollmentIdentity> = {}) => {
    const { studyId, siteId } = trial;
    return read({ studyId, siteId, patientId: uuidv7(), requestKey: key(), contentHash: 'b'.repeat(64), ...more });
  };
  const known = identityOf(direct, { requestKey: '请求/键' });
  await open(world.service, known);
  const { patientId, requestKey, contentHash } = known;
  const { trial, people: [randomised] } = await randomisedTrial(world, 1);
  await world.service.recordOutcome({ ctx, key: key(), input: { identity: randomised!, revision: 9, outcome: 'withdrawn', stage: 'activation', reason: null } });
  return [
    asked(rich),
    asked(direct),
    asked({ studyId: uuidv7(), siteId: uuidv7() }),
    asked({ ...direct, siteId: uuidv7() }),
    asked(direct, { requestKey, contentHash }),
    asked(direct, { requestKey }),
    asked(direct, { patientId }),
    asked({ ...direct, siteId: uuidv7() }, { patientId }),
    asked(trial, { patientId: randomised!.patientId }),
  ];
}

async function records(world: World, trial: Trial): Promise<Samples> {
  const { service } = world;
  const elsewhere = { ...trial, siteId: uuidv7(), siteCode: 'SH-2' };
  const principal = { studyId: trial.studyId, siteId: elsewhere.siteId, userId: 'inv-8', name: 'Zhao', email: 'z@hospital.example', role: 'principal' as const };
  await service.addInvestigator({ ctx, key: key(), input: principal });
  const opened = async (at: Trial, more: Partial<EnrollmentIdentity> = {}) => {
    const identity = identityOf(at, more);
    await open(service, identity);
    return identity;
  };
  let revision = 10;
  const progress = (identity: EnrollmentIdentity, actor: Actor, more: Partial<RecordProgress> = {}) =>
    service.recordProgress({ ctx: by(actor), key: key(), input: { identity, revision: revision++, stage: 'slot', needsAttention: false, stuckStep: null, awaiting: null, ...more } });
  const end = (identity: EnrollmentIdentity, outcome: Pick<RecordOutcome, 'outcome' | 'reason' | 'details'>) =>
    service.recordOutcome({ ctx, key: key(), input: { identity, revision: revision++, stage: 'screening', ...outcome } });

  const stuck = await opened(trial);
  for (const actor of ACTORS) await progress(stuck, actor);
  await progress(stuck, ACTORS[1]!, { needsAttention: true, stuckStep: 'reserveSlot', awaiting: { what: 'resolve', who: 'operator – 操作员', until: '2026-12-01T00:00:00.000Z' } });
  const waiting = await opened(elsewhere);
  await progress(waiting, ACTORS[2]!, { stage: 'screening', awaiting: { what: 'results', who: 'site', until: null } });
  const declined = await opened(trial);
  await end(declined, { outcome: 'declined', reason: '受试者拒绝', details: { numbers: [0.1, 18, -1.5, 0], nothing: null, nested: { empty: {}, none: [], yes: true }, text: '“”' } });
  const rescreened = await opened(trial, { patientId: declined.patientId, rescreenOf: declined.enrollmentId });
  // Refused, as the person is in the study already: a record without a subject number.
  const refused = await opened(elsewhere, { patientId: stuck.patientId });
  // Reported before its opening reached Study: a record without a consent.
  const unopened = identityOf(trial);
  await progress(unopened, ACTORS[1]!, { stage: 'consent' });
  const { studyId, siteId } = trial;
  const { enrollmentId } = stuck;

  const deviation = { enrollmentId, category: 'visit-window', severity: 'minor', description: '访视超窗 – 3 days late “V2”' };
  for (const actor of ACTORS) await service.logDeviation({ ctx: by(actor), key: key(), input: { ...deviation, severity: 'critical' } });
  const refusal = { studyId, siteId, reason: 'other', at: '2026-11-20T00:00:00Z' } as const;
  const { lineId } = await service.logRefusal({ ctx, key: key(), input: refusal });

  return {
    logDeviation: ACTORS.map((actor) => command({ ...deviation, enrollmentId: uuidv7() }, by(actor))),
    logRefusal: [command({ ...refusal, reason: 'declined_to_participate' }), command({ ...refusal, siteId: elsewhere.siteId, reason: 'not_meeting_criteria', at: '2026-11-22T17:59:59.999+08:00' })],
    getEnrollment: [stuck, waiting, declined, rescreened, refused, unopened, { enrollmentId: uuidv7() }].map((one) => read({ enrollmentId: one.enrollmentId })),
    enrollmentIdentity: [stuck, rescreened, { enrollmentId: uuidv7() }].map((one) => read({ enrollmentId: one.enrollmentId })),
    listEnrollments: [
      { studyId },
      { studyIds: [studyId, uuidv7()] },
      { studyIds: [] },
      { siteId: elsewhere.siteId },
      { siteIds: [siteId, elsewhere.siteId] },
      { siteIds: [] },
      { studyId, siteId, studyIds: [studyId], siteIds: [siteId], stage: 'slot', needsAttention: true, awaiting: 'resolve', patientId: stuck.patientId, cursor: LAST },
      { studyId, stage: 'screening' },
      { studyId, outcome: 'declined' },
      { studyId, needsAttention: true },
      { studyId, needsAttention: false },
      { studyId, awaiting: 'results' },
      { studyId, awaiting: '没有人' },
      { patientId: declined.patientId },
      { studyId, cursor: declined.enrollmentId },
      { studyId, siteIds: undefined, studyIds: undefined, siteId: undefined, stage: undefined, outcome: undefined, needsAttention: undefined, awaiting: undefined, patientId: undefined, cursor: undefined },
    ].flatMap((filter) => [read({ ...filter, limit }), read({ ...filter, limit: 1 })]),
    enrollmentTimeline: [stuck, declined, refused, { enrollmentId: uuidv7() }].map((one) => read({ enrollmentId: one.enrollmentId })),
    listDeviations: [read({ enrollmentId, limit }), read({ enrollmentId, limit: 1 }), read({ enrollmentId, limit, cursor: LAST }), read({ enrollmentId: uuidv7(), limit })],
    listScreeningLog: [
      read({ studyId, siteId, limit }),
      read({ studyId, siteId, limit: 1 }),
      read({ studyId, siteId, limit, cursor: lineId }),
      read({ studyId, siteId: elsewhere.siteId, limit }),
      read({ studyId, siteId: uuidv7(), limit }),
    ],
  };
}

async function eligibility(world: World): Promise<Samples> {
  const { service } = world;
  const trial = await createTrial(world, SCREENED);
  await addConsentVersion(world, trial);
  const opened = async () => {
    const identity = identityOf(trial);
    await open(service, identity);
    return identity;
  };
  const sign = (identity: EnrollmentIdentity, more: Partial<SignEligibility>) => {
    const decision = { round: 1, decision: 'not_eligible' as const, reason: null, meaning: '我确认 – I confirm', sha256: null, signer: SIGNER, consent: CONSENT };
    return service.signEligibility({ ctx, key: key(), input: { identity, revision: 3, ...decision, ...more } });
  };
  const invalidate = (identity: EnrollmentIdentity) =>
    service.invalidateEligibility({ ctx, key: key(), input: { identity, revision: 4, reason: '样本错误', by: { userId: 'dr-1', name: 'Zhào Lěi' } } });

  const met = await opened();
  enterResults(world, met, [['AGE', 18, 'a'], ['HB', 0.1, 'g/dL'], ['LAST_DOSE', '2026-01-01'], ['PREGNANT', false], ['STAGE', 'Ⅱ'], ['TRACE', 1]]);
  const { sha256 } = await evaluate(world, met);
  await sign(met, { decision: 'eligible', sha256 });
  await invalidate(met);
  await sign(met, { round: 2, sha256, reason: '研究者判断' });
  // As in what was signed before it was kept.
  await world.database.sql`update study.eligibility_decisions set record_sha256 = null where enrollment_id = ${met.enrollmentId} and round = 2`;
  const incomplete = await opened();
  enterResults(world, incomplete, [['AGE', 0, 'a']]);
  await evaluate(world, incomplete);
  const unevaluated = await opened();
  await sign(unevaluated, {});
  const misuse = { about: met.enrollmentId, operation: 'decideEligibility', why: 'not_entitled', via: 'api' } as const;
  for (let n = 0; n < MOST_REFUSED; n += 1) await service.noteMisuse({ ctx, key: key(), input: misuse });
  const { id: locked } = ctx.actor as { id: string };
  const concluded = { asked: { path: '/ops/runs/é', body: { reason: '原因' } }, answer: { runId: null, toEventId: 12, reRuns: [] } };
  await service.concludeOperation({ ctx, key: 'known', input: concluded });
  const recalled = ['known', 'unknown'].map((known) => read({ key: known, asked: concluded.asked }));
  return { getOperationAnswer: recalled, concludeOperation: [command(concluded)], noteOperation: [command({ action: 'retry', about: uuidv7(), details: { runId: 'r', query: null, told: ['e1'] } })], noteMisuse: [command({ ...misuse, via: 'edc', why: 'replayed' })], listUntoldMisuses: [read({ limit: 3 }), read({ limit: 3, after: LAST })], signingLockedUntil: [read({ userId: locked }), read({ userId: 'nobody' })], getEligibility: [met, incomplete, unevaluated, { enrollmentId: uuidv7() }].map((one) => read({ enrollmentId: one.enrollmentId })) };
}

async function summaries(world: World, direct: Trial): Promise<Samples> {
  const { service } = world;
  const trial = await createTrial(world, SCREENED);
  const { studyId, siteId } = trial;
  const ended = async (outcome: RecordOutcome['outcome'], more: Partial<RecordOutcome> = {}) => {
    const identity = identityOf(trial);
    await open(service, identity);
    enterResults(world, identity, [['AGE', 17, 'a'], ['HB', 0.05, 'g/dL']]);
    if (outcome === 'screen_failed') await evaluate(world, identity);
    if (outcome === 'active') await enroll(service, identity);
    await service.recordOutcome({ ctx, key: key(), input: { identity, revision: 9, outcome, stage: 'screening', reason: null, ...more } });
  };
  await ended('screen_failed');
  await ended('expired', { reason: 'screening_window' });
  for (const outcome of ['declined', 'cap_reached', 'voided', 'withdrawn', 'active'] as const) await ended(outcome);
  await ended('withdrawn', { stage: 'activation', scope: 'interventions' });
  await open(service, identityOf(trial));
  await service.logRefusal({ ctx, key: key(), input: { studyId, siteId, reason: 'other', at: '2026-11-20T00:00:00Z' } });
  const unblinded = await unblindedTrial(world, 2);
  const { studyId: nobodyAllocated } = await unblindedTrial(world, 0);
  const { trial: blinded } = await randomisedTrial(world, 1);
  return {
    enrollmentSummary: [
      read({ studyId }),
      read({ studyId, siteIds: [siteId, uuidv7()] }),
      read({ studyId, siteIds: [] }),
      read({ studyId, siteIds: undefined }),
      read({ studyId: direct.studyId }),
      read({ studyId: blinded.studyId }),
      read({ studyId: unblinded.studyId }),
      read({ studyId: unblinded.studyId, siteIds: [] }),
      read({ studyId: nobodyAllocated }),
      read({ studyId: uuidv7() }),
    ],
  };
}

/** Unblinded by two persons; its arm has another name than that of the trials that are not. */
async function unblindedTrial(world: World, count: number): Promise<Trial> {
  const { service } = world;
  const trial = await createTrial(world, randomising({ arms: [{ code: 'OPEN-ARM', ratio: 1 }], blockSizes: [2], bySite: false }));
  for (const identity of await enrolledMany(world, trial, count)) await randomise(world, identity);
  const { studyId } = trial;
  const { unblindingId } = await service.requestUnblinding({ ctx: SPONSOR, key: key(), input: { studyId, scope: 'study', reason: '终期分析' } });
  await service.approveUnblinding({ ctx: MONITOR, key: key(), input: { studyId, unblindingId } });
  return trial;
}

async function unblindingOf(world: World, direct: Trial) {
  const { service, database: { sql } } = world;
  const { trial, people } = await randomisedTrial(world, 8);
  const { studyId } = trial;
  const [one, two, unnumbered] = people.map((person) => person.enrollmentId) as [string, string, string];
  // Subjects have a number; the record's column may be empty all the same.
  await sql`update study.enrollments set subject_number = null where id = ${unnumbered}`;
  const unblinding = { studyId, scope: 'subject', enrollmentId: one, reason: '安全委员会 – “safety”' } as const;
  const request = (ctx_: Ctx = SPONSOR) => service.requestUnblinding({ ctx: ctx_, key: key(), input: unblinding });
  world.now.at = new Date(NOW.getTime() - 8 * 86_400_000);
  await request();
  world.now.at = NOW;
  const [approved, plain, reasoned] = [await request(), await request(MONITOR), await request()];
  await service.approveUnblinding({ ctx: MONITOR, key: key(), input: { studyId, unblindingId: approved.unblindingId, reason: '同意' } });

  await delegate(world, trial, { userId: 'del-1' });
  const DELEGATE = as('investigator', 'del-1');
  const broken: string[] = [];
  for (const { enrollmentId } of people.slice(2, 7)) {
    const answer = await service.breakCode({ ctx: DELEGATE, key: key(), input: { enrollmentId, reason: 'overdose' } });
    broken.push(answer.codeBreakId);
  }
  await service.breakCode({ ctx: DELEGATE, key: key(), input: { enrollmentId: one, reason: 'refused by the limit' } });

  const list = await service.getRandomisationList({ ctx: STATISTICIAN, input: { studyId, limit: 3 } });
  const plainTrial = await createTrial(world, randomising({ arms: [{ code: ARM, ratio: 1 }], blockSizes: [2], bySite: false }));
  const [unstratified] = await enrolledMany(world, plainTrial, 1);
  await randomise(world, unstratified!);
  return {
    refusedBreak: command({ enrollmentId: two, reason: '过量 – overdose' }, DELEGATE),
    getRandomisationList: [
      read({ studyId, limit: 200 }, STATISTICIAN),
      read({ studyId, limit: 3 }, STATISTICIAN),
      read({ studyId, limit: 3, cursor: list.nextCursor }, STATISTICIAN),
      read({ studyId, limit: 3, cursor: `${LAST}.1` }, STATISTICIAN),
      read({ studyId: direct.studyId, limit }, STATISTICIAN),
    ],
    getTreatmentAssignment: [read({ enrollmentId: one }, STATISTICIAN), read({ enrollmentId: unnumbered }, as('pharmacist', 'pha-1')), read({ enrollmentId: one }, MONITOR)],
    breakCode: [command({ enrollmentId: one, reason: '过量 – “overdose”' }, INVESTIGATOR), command({ enrollmentId: unnumbered, reason: 'r' }, INVESTIGATOR)],
    listUntoldCodeBreaks: [
      read({ limit: 200 }),
      read({ limit: 2 }),
      read({ limit: 2, after: broken[0] }),
      read({ limit, codeBreakId: broken[0] }),
      read({ limit, after: broken[0], codeBreakId: broken[1] }),
      read({ limit, after: LAST }),
    ],
    requestUnblinding: [command(unblinding, MONITOR), command({ studyId, scope: 'study', reason: 'r' }, SPONSOR), command({ studyId, scope: 'study', enrollmentId: undefined, reason: 'r' }, SPONSOR)],
    approveUnblinding: [
      command({ studyId, unblindingId: plain.unblindingId }, SPONSOR),
      command({ studyId, unblindingId: reasoned.unblindingId, reason: '同意 – agreed' }, MONITOR),
    ],
    listUnblindings: [read({ studyId, limit }), read({ studyId, limit: 1 }), read({ studyId, limit, cursor: approved.id }), read({ studyId: uuidv7(), limit })],
    listAuditEntries: auditSamples(),
    checkPayloadAccess: [
      read({ workflows: [{ workflowId: `withdrawal/${one}`, payloads: 2 }, { workflowId: `code-break/${broken[0]}`, payloads: 1 }, { workflowId: '没有', payloads: 1 }], unopened: 3 }),
      read({ workflows: [], unopened: 0 }),
    ],
    correctBaseline: [
      command({ enrollmentId: one, strata: { sex: 'male' }, reason: '误读表格' }),
      command({ enrollmentId: unstratified!.enrollmentId, strata: {}, reason: 'r' }),
    ],
  };
}
