import type { Clients } from '../api/deps.ts';
import { connectDatabase, type ServiceDatabase } from '../db/index.ts';
import { SERVICES, type ServiceName } from '../db/provision.ts';
import { edcClient } from '../services/edc/client.ts';
import { edcService, type EdcService } from '../services/edc/index.ts';
import { notificationClient } from '../services/notification/client.ts';
import { type Mailer, notificationService, type NotificationService } from '../services/notification/index.ts';
import { patientClient } from '../services/patient/client.ts';
import { patientService, type PatientService } from '../services/patient/index.ts';
import { siteClient } from '../services/site/client.ts';
import { siteService, type SiteService } from '../services/site/index.ts';
import { studyClient } from '../services/study/client.ts';
import { studyService, type StudyService } from '../services/study/index.ts';

export type Services = {
  patient: PatientService;
  study: StudyService;
  site: SiteService;
  edc: EdcService;
  notification: NotificationService;
};

export type ServicesOptions = {
  databaseUrls: Record<ServiceName, string>;
  databaseTimeoutMs: number;
  hashKey: Uint8Array;
  clock: () => Date;
  mailer: Mailer;
  opsEmail: string | null;
  /** A read from one service to another, and a call from the edge to a service. */
  callDeadlineMs: number;
  edgeDeadlineMs: number;
};

export type Composition = { services: Services; clients: Clients; databases: ServiceDatabase[]; close(): Promise<void> };

/** The five services, each on its own database role, reaching each other through their clients only. */
export function composeServices(options: ServicesOptions): Composition {
  const { hashKey, clock, mailer, opsEmail, callDeadlineMs, edgeDeadlineMs } = options;
  const databases = Object.fromEntries(
    SERVICES.map((schema) => [
      schema,
      connectDatabase({ url: options.databaseUrls[schema], schema, hashKey, timeoutMs: options.databaseTimeoutMs }),
    ]),
  ) as Record<ServiceName, ServiceDatabase>;

  // Services read from each other in a circle, so each reaches the others at the time of the call.
  const among = {} as Clients;
  const late = <K extends keyof Clients>(name: K) =>
    new Proxy({} as Clients[K], { get: (_target, verb) => Reflect.get(among[name], verb) as unknown });

  const services: Services = {
    patient: patientService({ db: databases.patient, clock, study: late('study') }),
    study: studyService({ db: databases.study, clock, site: late('site'), edc: late('edc') }),
    site: siteService({ db: databases.site, clock, study: late('study') }),
    edc: edcService({ db: databases.edc, clock, study: late('study'), site: late('site') }),
    notification: notificationService({ db: databases.notification, clock, mailer, opsEmail, study: late('study'), patient: late('patient') }),
  };
  Object.assign(among, clientsOf(services, callDeadlineMs));
  const all = Object.values(databases);
  return {
    services,
    clients: clientsOf(services, edgeDeadlineMs),
    databases: all,
    close: async () => {
      await Promise.all(all.map((db) => db.close()));
    },
  };
}

function clientsOf(services: Services, deadlineMs: number): Clients {
  return {
    patient: patientClient(services.patient, deadlineMs),
    study: studyClient(services.study, deadlineMs),
    site: siteClient(services.site, deadlineMs),
    edc: edcClient(services.edc, deadlineMs),
    notification: notificationClient(services.notification, deadlineMs),
  };
}
