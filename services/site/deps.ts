import type { ServiceDatabase } from '../../db/index.ts';
import type { StudyClient } from '../study/client.ts';

/** What the verbs of Site depend on. */
export type SiteDeps = {
  db: ServiceDatabase;
  clock: () => Date;
  study: Pick<StudyClient, 'findProtocolVersion' | 'consentIsCurrent'>;
};
