// Real: the whole application as a process, its PostgreSQL, Temporal, mailbox, files and log. No stand-ins.
//
// Arms have names that stand nowhere else, and so has each list: whatever a blinded person, or whoever has the files of
// Temporal, the mails or the log, can see is searched for them.
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { OPERATIONS } from '../../services/common/authority/policy.ts';
import type { DevIssuer } from '../../runtime/dev-issuer.ts';
import { ROLES, type Role } from '../../services/common/index.ts';
import { type AppProcess, databaseUrl, dataFolder, endApps, issuerOf, startApp } from '../start/app-process.ts';
import { attend } from '../support/people.ts';
import { type DirectStudy, directStudy, RANDOMISED_PROTOCOL } from '../support/scenario.ts';
import { filesBelow, hits, tablesOf, type Trace } from './traces.ts';
import { fileKeyRing } from '../../db/encryption/key-ring.ts';
import { ringKeyProvider } from '../../db/encryption/key-provider.ts';
import { SERVICES } from '../../db/provision.ts';
import { keyFiles } from '../../runtime/keys.ts';
import { auditOf } from '../support/audit.ts';

const ARMS = ['VERUMQZX1', 'PLACEBOQZX2'];
const UNBLINDED: readonly Role[] = ['pharmacist', 'statistician'];
const BLINDED = ROLES.filter((role) => !UNBLINDED.includes(role));
const PROTOCOL = {
  ...RANDOMISED_PROTOCOL,
  randomisation: { ...RANDOMISED_PROTOCOL.randomisation, arms: ARMS.map((code) => ({ code, ratio: 1 })) },
};
/** What Study alone keeps: the protocol's body, and the lists. */
const KEEPS_ARMS = ['study.protocol_versions', 'study.randomisation_entries'];
const KEEPS_LISTS = ['study.randomisation_strata', 'study.randomisation_lists'];

describe('who got what stays concealed', () => {
  const folder = dataFolder();
  let app: AppProcess;
  let issuer: DevIssuer;
  let sql: postgres.Sql;
  let study: DirectStudy;
  let lists: string[];
  /** The answer to the one who broke the code. */
  let told: string;
  const enrollmentIds: string[] = [];
  const errors: Trace[] = [];

  beforeAll(async () => {
    app = await startApp({ dataDir: folder.path, env: { LOG_LEVEL: 'trace' } });
    issuer = await issuerOf(folder.path);
    sql = postgres(databaseUrl(folder.path), { max: 3, onnotice: () => undefined });
    study = await directStudy({ url: app.url, issuer }, { protocol: PROTOCOL });
    for (const role of ['monitor', 'sponsor', 'medical-monitor', 'pharmacist', 'privacy-officer']) {
      await study.admin.post(`/studies/${study.studyId}/contacts`, { userId: `${role}-1`, name: role, email: `${role}@sponsor.example`, role });
    }
    for (const [index, sex] of ['female', 'male', 'female', 'male', 'female', 'female'].entries()) await participant(index, sex);
    const [first = ''] = enrollmentIds;
    told = JSON.stringify((await study.doctor.post(`/enrollments/${first}/code-break`, { reason: 'life-threatening bleeding' })).body);
    errors.push(await body('code-break by a clinician', study.clinician.post(`/enrollments/${first}/code-break`, { reason: 'curious' })));
    await vi.waitFor(async () => expect(await sql`select 1 from study.code_breaks where told_at is not null`).toHaveLength(1), { timeout: 20_000, interval: 100 });
    const rows = await sql<{ seed: string; key: string }[]>`select l.seed, s.key from study.randomisation_lists l join study.randomisation_strata s using (protocol_version_id)`;
    lists = [...new Set(rows.flatMap(({ seed, key }) => [seed, key]))];
  }, 180_000);
  afterAll(async () => {
    await sql.end({ timeout: 0 });
    await endApps();
    folder.remove();
  }, 60_000);

  /** One refused first, all randomised, one withdrawn afterwards, one refused again when it is over. */
  async function participant(index: number, sex: string): Promise<void> {
    const { enrollmentId } = (await study.enrol(await study.register())).body;
    enrollmentIds.push(enrollmentId);
    await attend(study, enrollmentId);
    await study.until(enrollmentId, ({ awaiting }) => awaiting?.what === 'randomisation', 60_000);
    if (index === 0) errors.push(await body('wrong strata', study.randomise(enrollmentId, { strata: { sex: 'unknown' } })));
    expect((await study.randomise(enrollmentId, { strata: { sex } })).status).toBe(201);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'active', 60_000);
    errors.push(await body('randomised again', study.randomise(enrollmentId, { strata: { sex } })));
    if (index !== 1) return;
    await study.withdraw(enrollmentId);
    await study.until(enrollmentId, ({ outcome }) => outcome === 'withdrawn', 60_000);
  }

  const body = async (where: string, answer: Promise<{ status: number; body: unknown }>): Promise<Trace> => {
    const { status, body: text } = await answer;
    expect(status).toBeGreaterThanOrEqual(400);
    return { where, text: JSON.stringify(text) };
  };

  /** Every GET of the API, as somebody with this role who may see everything there is to see. */
  async function everythingFor(role: Role): Promise<Trace[]> {
    const patientId = String((await study.get(enrollmentIds[0] ?? '')).body['patientId']);
    const token = await issuer.sign({ id: role === 'investigator' ? 'doctor-1' : `${role}-1`, name: role, role, sites: [study.siteCode], studies: [study.studyCode], patientId });
    const document = (await (await fetch(`${app.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> };
    const ids: Record<string, string> = { patientId, studyId: study.studyId, siteId: study.siteId };
    const paths = Object.entries(document.paths).flatMap(([path, methods]) => ('get' in methods && path.startsWith('/api/') ? [path] : []));
    expect(paths.length).toBeGreaterThan(10);
    const concrete = paths.flatMap((path) => enrollmentIds.map((enrollmentId) => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ({ ...ids, enrollmentId })[name] ?? randomUUID())));
    return Promise.all([...new Set(concrete)].map(async (path) => {
      const response = await fetch(`${app.url}${path}?siteId=${study.siteId}`, { headers: { authorization: `Bearer ${token}` } });
      const again = response.status === 400 ? await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${token}` } }) : response;
      return { where: `${role} ${path} ${again.status}`, text: `${JSON.stringify([...again.headers])}${await again.text()}` };
    }));
  }

  it('randomised everybody to an arm that Study knows, so that there is something to conceal', async () => {
    const rows = await sql<{ arm: string }[]>`
      select e.arm from study.allocations a join study.randomisation_entries e on e.stratum_id = a.stratum_id and e.position = a.position`;
    expect(rows).toHaveLength(enrollmentIds.length);
    expect(rows.every(({ arm }) => ARMS.includes(arm))).toBe(true);
    expect(lists.length).toBeGreaterThanOrEqual(3);
  });

  it('tells it the one who broke the code, and nobody else: what follows is searched after that', () => {
    expect(ARMS.filter((arm) => told.includes(arm))).toHaveLength(1);
  });

  it.each(BLINDED)('REST shows neither arm nor list to a blinded role: %s', async (role) => {
    const seen = await everythingFor(role);
    if (!['privacy-officer', 'patient', 'pharmacist'].includes(role)) expect(seen.some(({ text }) => text.includes(enrollmentIds[0] ?? '-'))).toBe(true);
    expect(hits([...ARMS, ...lists], seen)).toEqual([]);
  });

  it('neither do error bodies, metrics, documentation and health', async () => {
    const outside = await Promise.all(['/metrics', '/openapi.json', '/docs', '/healthz', '/readyz'].map(async (path) => ({ where: path, text: await (await fetch(`${app.url}${path}`)).text() })));
    expect(errors.length).toBeGreaterThan(5);
    expect(hits([...ARMS, ...lists], [...outside, ...errors])).toEqual([]);
    expect(OPERATIONS).toContain('requestRandomisation');
  });

  it("neither do Temporal's files, the mails and the log", async () => {
    const [latest] = await sql<{ id: string }[]>`select id from study.code_breaks order by id desc limit 1`;
    const look = () => filesBelow(`${folder.path}/temporal`, `${folder.path}/mailbox`);
    // What was written last is in the files by now, so whatever came before it is, too.
    await vi.waitFor(async () => expect(hits([`code-break/${latest?.id}`], await look())).not.toEqual([]), { timeout: 20_000, interval: 200 });
    const files = await look();
    const log = [{ where: 'stdout', text: app.stdout() }, { where: 'stderr', text: app.stderr() }];
    // The search looks at the right thing: codes of the study stand there.
    expect(files.some(({ where, text }) => where.includes('temporal') && text.includes(study.studyCode))).toBe(true);
    expect(files.some(({ where, text }) => where.includes('mailbox') && text.includes(study.studyCode))).toBe(true);
    expect(log[0]?.text).toContain('/randomisation');
    expect(hits([...ARMS, ...lists], [...files, ...log])).toEqual([]);
  });

  it('nor any table but those in which Study keeps protocols and lists: no audit row, no ledger of commands, no message', async () => {
    const keys = ringKeyProvider(fileKeyRing(keyFiles(folder.path).keyEncryptionKeys));
    const trails = await Promise.all(SERVICES.map(async (service) => ({ where: `${service}.audit_entries, opened`, text: JSON.stringify(await auditOf(sql, service, sql`true`, keys)) })));
    expect(trails.some(({ text }) => text.includes('randomisation_entry') || text.includes('allocation'))).toBe(true);
    const tables = [...(await tablesOf(sql)), ...trails];
    expect(tables.length).toBeGreaterThan(30);
    expect(hits(ARMS, tables.filter(({ where }) => !KEEPS_ARMS.includes(where)))).toEqual([]);
    expect(hits(lists, tables.filter(({ where }) => !KEEPS_LISTS.includes(where)))).toEqual([]);
  });

  it('what blinded people see of a randomisation has no number, order or time in it but when it took place', async () => {
    const { body: timeline } = await study.clinician.get<{ items: { event: string; details: Record<string, unknown> }[] }>(`/enrollments/${enrollmentIds[0]}/timeline`);
    const randomised = timeline.items.find(({ event }) => event === 'RANDOMIZED');
    expect(Object.keys(randomised?.details ?? {})).toEqual(['allocationId']);
    // The id is of the moment and of chance: nothing of the list's position or block is in it.
    expect(String(randomised?.details['allocationId'])).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
