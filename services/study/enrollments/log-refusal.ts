import { uuidv7 } from 'uuidv7';
import { runCommand } from '../../../db/index.ts';
import type { Call } from '../../common/index.ts';
import type { StudyDeps } from '../deps.ts';
import { refusalInFuture } from '../errors.ts';
import { ledger } from '../ledger.ts';
import type { NewRefusal } from '../schemas.ts';
import { screeningRefusals } from './tables.ts';
import { written } from '../written.ts';

/**
 * Puts somebody who was approached and did not sign on the screening log, unnamed: CONSORT counts who was assessed.
 * Throws `refusal_in_future`, `study_not_found`.
 */
export async function logRefusal(
  { db, clock }: StudyDeps,
  { ctx, key, input }: Call<NewRefusal & { studyId: string }>,
): Promise<{ lineId: string }> {
  const { studyId, siteId, reason, at } = input;
  if (Date.parse(at) > clock().getTime()) throw refusalInFuture();
  return runCommand({ db, ledger, verb: 'logRefusal', key, content: input, ctx }, async (tx, audit) => {
    const id = uuidv7();
    await written(tx.insert(screeningRefusals).values({ id, studyId, siteId, reason, at: new Date(at), actor: ctx.actor }));
    audit({ action: 'C', entity: 'screening_refusal', entityId: id, after: input });
    return { lineId: id };
  });
}
