import type { OpsServices } from '../runtime/ops-services.ts';
import type { Ctx } from '../services/common/index.ts';

type Noted = {
  ctx: Ctx;
  /** The same operation under the same key is noted once. */
  key: string;
  /** What was done, to what, and what came of it: ids and numbers, nothing of participants. */
  input: { action: string; about: string; details: Record<string, unknown> };
};

/** Writes into the audit trail of Study what an operator has done to the installation, or to a run. */
export async function noteOperation(services: Pick<OpsServices['services'], 'study'>, noted: Noted): Promise<void> {
  await services.study.noteOperation(noted);
}
