import type { DescService } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { callerVerifier, type Handler, handlersOf, type OnUnexpectedRpc, type Rpc, type RpcTable, type Served, serveVerbs } from '../../services/common/rpc/index.ts';
import { EdcService } from '../../services/edc/edc_pb.js';
import { edcRpc } from '../../services/edc/rpc.ts';
import { NotificationService } from '../../services/notification/notification_pb.js';
import { notificationRpc } from '../../services/notification/rpc.ts';
import { PatientService } from '../../services/patient/patient_pb.js';
import { patientRpc } from '../../services/patient/rpc.ts';
import { siteRpc } from '../../services/site/rpc.ts';
import { SiteService } from '../../services/site/site_pb.js';
import { studyRpc } from '../../services/study/rpc.ts';
import { StudyService } from '../../services/study/study_pb.js';
import type { Services } from '../services.ts';
import type { ServiceKeys } from './keys.ts';
import type { RpcMetrics } from './metrics.ts';

/** How each service is reached: its descriptor, and the table of its verbs. */
export const SERVED: Record<ServiceName, { desc: DescService; table: RpcTable<DescService> }> = {
  patient: { desc: PatientService, table: patientRpc },
  study: { desc: StudyService, table: studyRpc },
  site: { desc: SiteService, table: siteRpc },
  edc: { desc: EdcService, table: edcRpc },
  notification: { desc: NotificationService, table: notificationRpc },
};

/** The descriptor of a service, for reflection and health. */
export const descriptorOf = (name: ServiceName): DescService => SERVED[name].desc;

/** The services that have something to tell this caller. */
export function calleesOf(caller: string): ServiceName[] {
  const tells = ({ callers }: Rpc<DescService>) => (callers as readonly string[]).includes(caller);
  return SERVICES.filter((name) => Object.values(SERVED[name].table).some(tells));
}

export type Hosted = {
  services: Partial<Services>;
  keys: Pick<ServiceKeys, 'publicKeys'>;
  onUnexpected: OnUnexpectedRpc;
  metrics?: RpcMetrics | undefined;
};

/** Puts the services of this process behind their RPCs. */
export function routesOf(hosted: Hosted): (router: ConnectRouter) => void {
  return (router) => servedBy(hosted).forEach((served) => serveVerbs(router, served));
}

/** The same without a server, by the full name of the service. */
export function handlersByName(hosted: Hosted): Record<string, Record<string, Handler>> {
  return Object.fromEntries(servedBy(hosted).map((served) => [served.desc.typeName, handlersOf(served)]));
}

function servedBy({ services, keys, onUnexpected, metrics }: Hosted): Served<DescService>[] {
  return (Object.entries(services) as [ServiceName, never][]).map(([name, service]) => ({
    ...SERVED[name],
    service,
    verify: callerVerifier(name, keys.publicKeys),
    onUnexpected,
    observe: metrics?.server(name),
  }));
}
