import type { ServiceDatabase } from '../../db/index.ts';
import type { CommandCheck } from '../common/index.ts';
import type { EdcClient } from '../edc/client.ts';
import type { PatientClient } from '../patient/client.ts';
import type { SiteClient } from '../site/client.ts';

/** What the verbs of Study depend on. */
export type StudyDeps = {
  db: ServiceDatabase;
  clock: () => Date;
  /** Holds what comes by a workflow against what the API has signed. */
  commands: CommandCheck;
  patient: Pick<PatientClient, 'consentInForce'>;
  site: Pick<SiteClient, 'getActivation'>;
  edc: Pick<EdcClient, 'screeningResultsOf'>;
};
