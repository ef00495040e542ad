import { afterAll, beforeAll, it } from 'vitest';
import { savedLists } from '../../runtime/saved-lists/lists.ts';
import { directStudy, type DirectStudy, type EnrollmentBody, SCREENED_PROTOCOL } from '../support/scenario.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { listed } from './evidence.ts';
import { eventually } from './faults.ts';

// Real: everything. Each list is asked of Temporal by the very link that coordinators open.
let at: TestSystem;
const cases = { parked: '', signOff: '', consent: '', results: '' };
let slow: DirectStudy;

beforeAll(async () => {
  at = await startTestSystem({ timing: { roundMs: 60_000 } });
  const refusing = await directStudy(at, { doctorEmail: 'doctor@mailbox-full.example' });
  const soon = await directStudy(at, { protocol: { reconsentDeadline: 'P3D' } });
  slow = await directStudy(at, { protocol: { ...SCREENED_PROTOCOL, eligibilitySignature: { reminder: 'P7D', expiry: 'P14D' } } });
  const begin = async (study: DirectStudy, waits: (now: EnrollmentBody) => boolean, consent: Record<string, unknown> = {}) => {
    const patientId = await study.register();
    const { body: { enrollmentId } } = await study.clinician.post<EnrollmentBody>('/enrollments', study.body(patientId, consent));
    if (waits === signOff) await study.screen(enrollmentId);
    await study.until(enrollmentId, waits);
    return `enrollment/${study.studyCode}/${patientId}`;
  };
  const signOff = ({ awaiting }: EnrollmentBody) => awaiting?.what === 'eligibility';
  [cases.parked, cases.signOff, cases.consent, cases.results] = await Promise.all([
    begin(refusing, ({ stage, needsAttention }) => stage === 'activation' && needsAttention),
    begin(slow, signOff),
    begin(soon, ({ awaiting }) => awaiting?.what === 'consent', { version: '0.9' }),
    begin(slow, ({ awaiting }) => awaiting?.what === 'screening_results'),
  ]);
});
afterAll(() => at.stop());

it.each([
  { name: 'All enrollments', finds: ['parked', 'signOff', 'consent', 'results'] },
  { name: 'Needs attention', finds: ['parked'] },
  { name: 'Parked enrollments', finds: ['parked'] },
  { name: 'Awaiting sign-off', finds: ['signOff'] },
  { name: 'Awaiting consent', finds: ['consent'] },
  { name: 'Open at the site', finds: ['signOff', 'results'] },
  { name: 'Expiring this week', finds: ['consent'] },
] as const)('the list "$name" has just whom it is about: $finds', async ({ name, finds }) => {
  const lists = savedLists({ now: new Date(), siteCode: slow.siteCode });
  const { path } = lists.find((one) => one.name === name.replace('the site', slow.siteCode))!;
  const query = new URL(path, 'http://ui').searchParams.get('query') ?? '';
  const expected = finds.map((which) => cases[which]).toSorted();
  await eventually(`it has ${finds.join(', ')}`, async () => (await listed(at, query)).toSorted().join() === expected.join());
});
