import type { ServiceDatabase } from '../../db/index.ts';
import type { CommandCheck } from '../common/index.ts';
import type { PatientClient } from '../patient/client.ts';
import type { SiteClient } from '../site/client.ts';
import type { StudyClient } from '../study/client.ts';

/** What the verbs of EDC depend on. */
export type EdcDeps = {
  db: ServiceDatabase;
  clock: () => Date;
  /** Holds what comes by a workflow against what the API has signed. */
  commands: CommandCheck;
  patient: Pick<PatientClient, 'consentInForce'>;
  study: Pick<StudyClient, 'getProtocol'>;
  site: Pick<SiteClient, 'getSite'>;
};
