import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Transport } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { Clients } from '../../api/deps.ts';
import type { ServiceName } from '../../db/provision.ts';
import { calleePolicy, type CalleePolicy, DEFAULT_CALLEE, UnansweredError } from '../../services/common/resilience/index.ts';
import { type Caller, type Channel, inMemoryTransport, type OnUnexpectedRpc, type ServiceTokens, serviceTokens } from '../../services/common/rpc/index.ts';
import { edcClient } from '../../services/edc/client.ts';
import { notificationClient } from '../../services/notification/client.ts';
import { patientClient } from '../../services/patient/client.ts';
import { siteClient } from '../../services/site/client.ts';
import { studyClient } from '../../services/study/client.ts';
import type { Services } from '../services.ts';
import type { ServiceKeys } from './keys.ts';
import type { RpcMetrics } from './metrics.ts';
import { MUTUAL, type RpcTls } from './tls.ts';
import { calleesOf, handlersByName } from './routes.ts';

/** Of the time of a call, what its first try may take. */
const FIRST_TRY_SHARE = DEFAULT_CALLEE.firstTryMs / DEFAULT_CALLEE.deadlineMs;

/**
 * A peer that is gone without a word is noticed within seconds of a call. Not pinged while idle: the library (2.2.0)
 * goes on pinging a connection that was closed under a call, and the exception of that ends the process.
 */
const KEEPALIVE = { pingIntervalMs: 5000, pingTimeoutMs: 2000 };

/** To whoever does not answer at all the system would go on connecting for minutes, and all calls with it. */
const CONNECT_WITHIN_MS = 2000;

export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export type ChannelsOptions = {
  /** Those that run here. Filled in after the channels are made. */
  services: Partial<Services>;
  peers?: Partial<Record<ServiceName, string>>;
  serviceKeys: ServiceKeys;
  /** For peers at `https://`. */
  tls?: RpcTls | undefined;
  /** A call from one service to another with all its tries, and a call from the edge to a service. */
  callDeadlineMs: number;
  edgeDeadlineMs: number;
  /** See the configuration; its defaults when absent. */
  circuitOpenMs?: number;
  callConcurrency?: number;
  onUnexpectedRpc?: OnUnexpectedRpc;
  metrics?: RpcMetrics;
};

export type Channels = {
  /** All five services as this caller sees them, made when they are first wanted. */
  clientsOf(caller: Caller): Clients;
  /** The state of the circuit to each service; of several callers in one process, the worst. */
  circuits(): Record<string, CalleePolicy['circuit']>;
  close(): void;
};

/** The ways to the five services: in memory where a service runs in this process, gRPC over HTTP/2 elsewhere. */
export function openChannels(options: ChannelsOptions): Channels {
  const { peers = {}, services, serviceKeys, metrics } = options;
  const sessions: Http2SessionManager[] = [];
  const policies: CalleePolicy[] = [];
  // Put up at the first call, when all services of this process are there.
  let handlers: ReturnType<typeof handlersByName> | undefined;
  const hosted = { services, keys: serviceKeys, onUnexpected: options.onUnexpectedRpc ?? (() => undefined), metrics };
  const inMemory = inMemoryTransport((name) => (handlers ??= handlersByName(hosted))[name]);

  // Connected to at the first call, so that services may start in any order.
  const connected = new Map<ServiceName, Transport>();
  const transportTo = (name: ServiceName): Transport => {
    if (services[name]) return inMemory;
    const peer = peers[name];
    if (peer === undefined) throw new UnansweredError('service_unavailable', `Nobody knows where the ${name} service is.`);
    let transport = connected.get(name);
    if (!transport) connected.set(name, (transport = overHttp2(peer, { sessions, tls: options.tls })));
    return transport;
  };

  const made = new Map<Caller, Clients>();
  const clientsOf = (caller: Caller): Clients => {
    const known = made.get(caller) ?? clientsFor(caller);
    made.set(caller, known);
    return known;
  };
  const clientsFor = (caller: Caller): Clients => {
    const tokens = tokensOf(caller, serviceKeys);
    const callees = calleesOf(caller);
    const channelTo = (callee: ServiceName): Channel => {
      const policy = calleePolicy(callee, policyOptions(caller, options));
      const called = callees.includes(callee);
      if (called) policies.push(policy);
      return {
        callee,
        tokens,
        policy,
        observe: called ? metrics?.client(caller, policy) : undefined,
        get transport() {
          return transportTo(callee);
        },
      };
    };
    return {
      patient: patientClient(channelTo('patient')),
      study: studyClient(channelTo('study')),
      site: siteClient(channelTo('site')),
      edc: edcClient(channelTo('edc')),
      notification: notificationClient(channelTo('notification')),
    };
  };
  return { clientsOf, circuits: () => worstOf(policies), close: () => sessions.forEach((session) => session.abort()) };
}

function overHttp2(baseUrl: string, { sessions, tls }: { sessions: Http2SessionManager[]; tls: RpcTls | undefined }): Transport {
  const sessionManager = new Http2SessionManager(baseUrl, KEEPALIVE, { createConnection: (url) => connectInTime(url, tls) });
  sessions.push(sessionManager);
  return createGrpcTransport({ baseUrl, sessionManager, acceptCompression: [], readMaxBytes: MAX_MESSAGE_BYTES, writeMaxBytes: MAX_MESSAGE_BYTES });
}

function connectInTime({ protocol, hostname, port }: URL, tls: RpcTls | undefined): Socket {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  // Node takes an address for no server name, and then looks for the address in the certificate.
  const servername = isIP(host) ? {} : { servername: host };
  const secure = protocol === 'https:';
  const socket = secure
    ? connectTls({ host, port: Number(port || 443), ...servername, ...tls, ...MUTUAL, ALPNProtocols: ['h2'] })
    : connect({ host, port: Number(port || 80) });
  const late = () => socket.destroy(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(late, CONNECT_WITHIN_MS);
  const done = () => clearTimeout(timer);
  return socket.once(secure ? 'secureConnect' : 'connect', done).once('close', done);
}

function worstOf(policies: readonly CalleePolicy[]): Record<string, CalleePolicy['circuit']> {
  const ORDER = ['closed', 'half-open', 'open'] as const;
  const worst: Record<string, CalleePolicy['circuit']> = {};
  for (const { callee, circuit } of policies) {
    if (ORDER.indexOf(circuit) >= ORDER.indexOf(worst[callee] ?? 'closed')) worst[callee] = circuit;
  }
  return worst;
}

function policyOptions(caller: Caller, options: ChannelsOptions) {
  const { circuitOpenMs, callConcurrency: concurrency = DEFAULT_CALLEE.concurrency } = options;
  const deadlineMs = caller === 'api' ? options.edgeDeadlineMs : options.callDeadlineMs;
  const breaker = { ...DEFAULT_CALLEE.breaker, ...(circuitOpenMs === undefined ? {} : { openMs: circuitOpenMs }) };
  return { deadlineMs, firstTryMs: Math.round(deadlineMs * FIRST_TRY_SHARE), concurrency, breaker };
}

/** A process has the signing keys of its own callers only. */
function tokensOf(caller: Caller, { privateKeys }: ServiceKeys): ServiceTokens {
  const key = privateKeys[caller];
  return key ? serviceTokens(caller, key) : () => Promise.reject(new Error(`no signing key for ${caller} in this process`));
}
