import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { StartupError } from '../embedded/startup-error.ts';

/** Certificates of the processes, of an authority of the installation's own: each shows its own, and takes no other's. */
export type RpcTls = Required<Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>>;

/** What both sides insist on (45 CFR 164.312(e)(1)): TLS 1.3, and a certificate of the other side. */
export const MUTUAL = { minVersion: 'TLSv1.3', rejectUnauthorized: true } as const;

type Files = { GRPC_TLS_CA_FILE?: string | undefined; GRPC_TLS_CERT_FILE?: string | undefined; GRPC_TLS_KEY_FILE?: string | undefined };

/** The certificates that the configuration names; undefined when it names none. Throws StartupError for a part of them. */
export async function rpcTlsOf(files: Files): Promise<RpcTls | undefined> {
  const named = [files.GRPC_TLS_CA_FILE, files.GRPC_TLS_CERT_FILE, files.GRPC_TLS_KEY_FILE];
  if (named.every((file) => file === undefined)) return undefined;
  const [ca, cert, key] = await Promise.all(named.map(read));
  return { ca: ca!, cert: cert!, key: key! };
}

async function read(file: string | undefined): Promise<Buffer> {
  if (file === undefined) throw new StartupError({ code: 'bad_configuration', message: 'TLS between services needs all three of GRPC_TLS_CA_FILE, GRPC_TLS_CERT_FILE and GRPC_TLS_KEY_FILE.' });
  try {
    return await readFile(file);
  } catch (cause) {
    throw new StartupError({ code: 'bad_configuration', message: `A file of GRPC_TLS_*_FILE can't be read: ${(cause as NodeJS.ErrnoException).code}.`, cause });
  }
}
