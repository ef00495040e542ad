import type { ServiceName } from '../db/provision.ts';
import type { Config } from './config.ts';
import { StartupError } from './embedded/startup-error.ts';
import { hostedBy, type Part } from './part.ts';
import { calleesOf } from './rpc/routes.ts';

/** What the configuration must say for a part to run as a process of its own. */
export type Needed = { databaseUrls: Partial<Record<ServiceName, string>>; smtpUrl: string | undefined };

/** Throws StartupError naming the variable that is missing, or that production refuses. */
export function neededBy(part: Part, config: Config): Needed {
  required(config.TEMPORAL_ADDRESS, 'TEMPORAL_ADDRESS');
  const hosted = hostedBy(part);
  const databaseUrls = Object.fromEntries(hosted.map((name) => [name, required(config.serviceUrls[name], `DATABASE_URL_${name.toUpperCase()}`)]));
  for (const callee of calleesOf(part).filter((name) => !hosted.includes(name))) required(config.peers[callee], `GRPC_URL_${callee.toUpperCase()}`);
  const smtpUrl = part === 'notification' ? required(config.SMTP_URL, 'SMTP_URL') : undefined;
  if (config.NODE_ENV === 'production') refusePlainPeers(config);
  return { databaseUrls, smtpUrl };
}

/** What goes between services is about participants: in production it leaves the machine by TLS only. */
function refusePlainPeers({ peers }: Config): void {
  const plain = Object.entries(peers).filter(([, url]) => url.startsWith('http:') && !/^http:\/\/(localhost|127\.|\[::1\])/.test(url));
  if (plain.length === 0) return;
  const names = plain.map(([name]) => `GRPC_URL_${name.toUpperCase()}`).join(', ');
  throw new StartupError({ code: 'bad_configuration', message: `${names}: in production another machine is reached by https:// only, with GRPC_TLS_CA_FILE, GRPC_TLS_CERT_FILE and GRPC_TLS_KEY_FILE.` });
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new StartupError({ code: 'bad_configuration', message: `This process needs ${name}. See the table in README.md.` });
}
