import { uuidv7 } from 'uuidv7';
import { type Ctx, DomainError } from '../../../services/common/index.ts';
import { type SiteDeps, type SiteService, siteService } from '../../../services/site/index.ts';
import { createTestDatabase } from '../../support/database.ts';

export const ctx: Ctx = {
  actor: { kind: 'user', id: 'coord-1', name: 'Test Coordinator', role: 'coordinator' },
  requestId: 'test-request',
};

/** The consent version in force everywhere, as the stand-in of Study has it. */
export const CURRENT = '3.1';

/**
 * A real database with the Site service on it. Stand-in: Study, which knows the protocol versions 1.0 and 2.0, and
 * every consent version but the current one as superseded; `asked` is what it was asked about consents.
 */
export async function siteUnderTest() {
  const database = await createTestDatabase();
  const asked: Parameters<SiteDeps['study']['consentIsCurrent']>[0]['input'][] = [];
  const service = siteService({
    db: database.connect('site'),
    clock: () => new Date(),
    study: {
      findProtocolVersion: async ({ input }) =>
        ['1.0', '2.0'].includes(input.version)
          ? { protocolVersionId: uuidv7(), effectiveAt: '2026-01-01T00:00:00.000Z' }
          : null,
      consentIsCurrent: async ({ input }) => {
        asked.push(input);
        return input.version === CURRENT ? { current: true } : { current: false, version: CURRENT };
      },
    },
  });
  return { database, service, asked };
}

/** A site of its own, active for a study of its own. */
export async function activeSite(service: SiteService, cap: number) {
  const studyId = uuidv7();
  const { siteId } = await service.createSite({
    ctx,
    key: uuidv7(),
    input: { code: `S-${uuidv7()}`.slice(0, 40), name: 'Riverside Hospital', timezone: 'Asia/Shanghai' },
  });
  await activate(service, { studyId, siteId, cap });
  return { studyId, siteId };
}

export function activate(
  service: SiteService,
  input: { studyId: string; siteId: string; cap: number; protocolVersion?: string; ethicsApprovedAt?: string },
) {
  const approval = { protocolVersion: '1.0', ethicsApprovedAt: '2026-01-02T00:00:00.000Z' };
  return service.activateSite({ ctx, key: uuidv7(), input: { ...approval, ...input } });
}

/** Reserves under a key of its own and says what is needed to go on with it. */
export async function reserve(service: SiteService, at: { studyId: string; siteId: string }) {
  const enrollmentId = uuidv7();
  const stepKey = `${enrollmentId}/reserveSlot/1`;
  const result = await service.reserveSlot({ ctx, key: stepKey, input: { enrollmentId, ...at } });
  if (!result.reserved) throw new Error(`not reserved: ${result.reason}`);
  return { enrollmentId, stepKey, slotId: result.slotId };
}

/** The code that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof DomainError || (error instanceof Error && 'code' in error)) return String(error.code);
    throw error;
  }
  throw new Error('was not refused');
}
