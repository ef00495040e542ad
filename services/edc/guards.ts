import { eq } from 'drizzle-orm';
import { read } from '../../db/index.ts';
import type { About, Guard } from '../common/authority/index.ts';
import type { EdcDeps } from './deps.ts';
import { screenings } from './tables.ts';

async function screening({ db }: EdcDeps, { enrollmentId }: { enrollmentId: string }): Promise<About[]> {
  const rows = await read(db, (orm) =>
    orm.select({ studyId: screenings.studyId, siteId: screenings.siteId }).from(screenings).where(eq(screenings.enrollmentId, enrollmentId)),
  );
  return rows.map(({ studyId, siteId }) => ({ what: 'enrollment', studyId, siteIds: [siteId] }));
}

/** Who may call what of EDC through the edge (see `common/authority/authorise.ts`). */
export const guards: Record<string, Guard<EdcDeps>> = {
  screeningResultsOf: { for: ['listScreeningResults'], about: screening },
  casebookOf: { for: [] },
  listAuditEntries: { for: ['listAuditEntries'] },
};
