import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { Ctx } from '../../../services/common/index.ts';
import { patientService, type PatientDeps, type SignedConsent } from '../../../services/patient/index.ts';
import { checkCharacter } from '../../../services/patient/resident-id.ts';
import { createTestDatabase } from '../../support/database.ts';
import { TRUSTING } from '../../support/commands.ts';

export const NOW = new Date('2026-11-22T12:00:00Z');
export const ctx: Ctx = { actor: { kind: 'user', id: 'crc-1', name: 'Coordinator', role: 'coordinator' }, requestId: 'test' };
export const because = (reason: string): Ctx => ({ ...ctx, reason });
export const newKey = () => randomBytes(8).toString('hex');

/** A resident ID number that nobody else in the run has. */
export function newIdCard(): string {
  const sequence = String(randomBytes(2).readUInt16BE() % 1000).padStart(3, '0');
  const region = `11${String(randomBytes(2).readUInt16BE() % 10_000).padStart(4, '0')}`;
  const digits = `${region}19800101${sequence}`;
  return digits + checkCharacter(digits);
}

/** The real Patient service on a database of its own; Study's judgement is a stand-in. */
export async function startPatient() {
  const database = await createTestDatabase();
  const enrollments: Awaited<ReturnType<PatientDeps['study']['listEnrollments']>>['items'] = [];
  const asked: Parameters<PatientDeps['study']['judgeConsent']>[0]['input'][] = [];
  const study: PatientDeps['study'] = {
    listEnrollments: async () => ({ items: enrollments, nextCursor: null }),
    judgeConsent: async ({ input }) => {
      asked.push(input);
      if (input.version !== '3.1') return { validity: 'version_not_approved' };
      return { validity: input.discusserUserId === 'inv-7' ? 'valid' : 'not_delegated' };
    },
  };
  const service = patientService({ commands: TRUSTING, db: database.connect('patient'), clock: () => NOW, study, retentionYears: 25 });
  const siteId = uuidv7();
  const register = async (more: { name?: string; email?: string; mobile?: string; idCard?: string } = {}) =>
    service.registerPerson({ ctx, key: newKey(), input: { name: '张三', idCard: newIdCard(), siteId, ...more } });
  return { service, enrollments, connect: () => database.connect('patient'), sql: database.sql, drop: database.drop, asked, siteId, register };
}

export function signedConsent(more: Partial<SignedConsent> = {}): SignedConsent {
  return {
    version: '3.1',
    language: 'zh-CN',
    method: 'paper',
    documentSha256: 'ab'.repeat(32),
    signers: [
      { role: 'participant', name: '张三', signedAt: '2026-11-22T08:00:00.000Z', mark: 'signature' },
      { role: 'discusser', userId: 'inv-7', name: 'Dr. Wang', signedAt: '2026-11-22T08:05:00.000Z', mark: 'signature' },
    ],
    decisions: { participation: true, futureResearch: false },
    copyGiven: { at: '2026-11-22T08:06:00.000Z', how: 'paper' },
    ...more,
  };
}
