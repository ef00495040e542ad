import { uuidv7 } from 'uuidv7';
import { runCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { studyCodeTaken } from '../errors.ts';
import { ledger } from '../ledger.ts';
import type { NewStudy } from '../schemas.ts';
import { studies } from '../tables.ts';
import { written } from '../written.ts';

/** Adds a study, open for accrual. Throws `study_code_taken`. */
export async function createStudy({ db, clock }: StudyDeps, { ctx, key, input }: Call<NewStudy>): Promise<{ studyId: string }> {
  return runCommand({ db, ledger, verb: 'createStudy', key, content: input, ctx }, async (tx, audit) => {
    const { code, title, phase = null, sponsor = null } = input;
    const id = uuidv7();
    const study = { code, title, phase, sponsor, status: 'active' as const };
    await written(tx.insert(studies).values({ id, ...study, createdAt: clock() }), { studies_code: studyCodeTaken });
    audit({ action: 'C', entity: 'study', entityId: id, after: study });
    return { studyId: id };
  });
}
