import { connectDatabase, type DatabaseSecrets, type ServiceDatabase } from '../db/index.ts';
import { SERVICES, type ServiceName } from '../db/provision.ts';
import { uuidv7 } from 'uuidv7';
import { assertionVerifier, commandCheck } from '../services/common/index.ts';
import type { OnUnexpectedRpc } from '../services/common/rpc/index.ts';
import { edcService, type EdcService } from '../services/edc/index.ts';
import { type Mailer, type NotificationDeps, notificationService, type NotificationService } from '../services/notification/index.ts';
import { patientService, type PatientService } from '../services/patient/index.ts';
import { siteService, type SiteService } from '../services/site/index.ts';
import { studyService, type StudyService } from '../services/study/index.ts';
import { PRIVACY_EMAIL, RETENTION_YEARS } from './defaults.ts';
import { type Channels, type ChannelsOptions, openChannels } from './rpc/channels.ts';
import type { ServiceKeys } from './rpc/keys.ts';

export type Services = {
  patient: PatientService;
  study: StudyService;
  site: SiteService;
  edc: EdcService;
  notification: NotificationService;
};

export type ServicesOptions = Pick<ChannelsOptions, 'callDeadlineMs' | 'edgeDeadlineMs' | 'circuitOpenMs' | 'callConcurrency' | 'metrics' | 'tls'> & {
  /** The services that run here; all when absent. */
  hosted?: readonly ServiceName[];
  /** Where the others are, as `http://host:port`. */
  peers?: Partial<Record<ServiceName, string>>;
  /** Those of the installation: what the API has signed must be verified after a restart, too. */
  serviceKeys: ServiceKeys;
  databaseUrls: Partial<Record<ServiceName, string>>;
  databaseTimeoutMs: number;
  secrets: DatabaseSecrets;
  clock: () => Date;
  /** Needed where Notification runs. */
  mailer?: Mailer;
  opsEmail: string | null;
  /** See the configuration; their defaults when absent. */
  privacyEmail?: string;
  retentionYears?: number;
  onUnexpectedRpc?: OnUnexpectedRpc;
  onDelivery?: NotificationDeps['onDelivery'];
};

export type Composition = {
  services: Partial<Services>;
  channels: Channels;
  databases: ServiceDatabase[];
  close(): Promise<void>;
};

/**
 * The services of this process, each on its own database role, and the way to all five: in memory to those that run
 * here, over HTTP/2 to the others. They reach each other through their clients only.
 */
export async function composeServices(options: ServicesOptions): Promise<Composition> {
  const { secrets, hosted = SERVICES } = options;
  const { serviceKeys } = options;
  const databases = new Map(
    hosted.map((schema) => [schema, connectDatabase({ url: urlOf(options, schema), schema, secrets, timeoutMs: options.databaseTimeoutMs })]),
  );
  // Services read from each other in a circle: the routes are put up once all of them are there.
  const services: Partial<Services> = {};
  const channels = openChannels({ ...options, services, serviceKeys });
  for (const name of hosted) Object.assign(services, { [name]: serviceOf(name, { ...options, db: databases.get(name)!, channels }) });
  const all = [...databases.values()];
  return {
    services,
    channels,
    databases: all,
    close: async () => {
      channels.close();
      await Promise.all(all.map((db) => db.close()));
    },
  };
}

function urlOf({ databaseUrls }: ServicesOptions, name: ServiceName): string {
  const url = databaseUrls[name];
  if (url === undefined) throw new Error(`no database URL for the ${name} service`);
  return url;
}

type Parts = ServicesOptions & { db: ServiceDatabase; channels: Channels };

function serviceOf(name: ServiceName, { db, clock, mailer, onDelivery, opsEmail, privacyEmail = PRIVACY_EMAIL, channels, secrets, serviceKeys, retentionYears = RETENTION_YEARS }: Parts): Services[ServiceName] {
  const others = channels.clientsOf(name);
  const commands = commandCheck({
    hashKey: secrets.hashKey,
    verify: assertionVerifier(serviceKeys.assertionKeys),
    onMisuse: ({ ctx, about, operation, why }) => others.study.noteMisuse({ ctx, key: `misuse/${uuidv7()}`, input: { about, operation, why, via: name } }).then(() => undefined),
  });
  switch (name) {
    case 'patient':
      return patientService({ db, clock, commands, study: others.study, retentionYears });
    case 'study':
      return studyService({ db, clock, commands, patient: others.patient, site: others.site, edc: others.edc });
    case 'site':
      return siteService({ db, clock, study: others.study });
    case 'edc':
      return edcService({ db, clock, commands, patient: others.patient, study: others.study, site: others.site });
    case 'notification':
      if (!mailer) throw new Error('the notification service needs a mail server');
      return notificationService({ db, clock, mailer, onDelivery, opsEmail, privacyEmail, study: others.study, patient: others.patient });
  }
}
