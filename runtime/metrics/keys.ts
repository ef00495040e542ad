import { X509Certificate } from 'node:crypto';
import type { Secrets } from '../keys.ts';
import type { RpcTls } from '../rpc/tls.ts';
import type { Sampling } from './sampled.ts';

/** The day on which a key was made is part of the names that we give (`newKeyId`). */
const DAY = /^k(\d{4})(\d{2})(\d{2})-/;

type Parts = { secrets: Pick<Secrets, 'keys' | 'payloadKeys' | 'auditSealKeys'>; tls: RpcTls | undefined };

/** How old the keys are that are in use, as far as their names tell, and until when the certificates hold. */
export function showKeys({ show }: Sampling, { secrets, tls }: Parts): void {
  const idsInUse = async () => ({
    key_encryption: await secrets.keys.currentKeyId(),
    payload: (await secrets.payloadKeys.current()).id,
    audit_seal: (await secrets.auditSealKeys.current()).id,
  });
  show('keys', idsInUse, [
    {
      name: 'key_created_timestamp_seconds', help: 'Day on which the key that is in use was made', labelNames: ['ring'],
      values: (ids) => Object.entries(ids).map(([ring, id]) => ({ labels: { ring }, value: madeAt(id) })).filter(({ value }) => !Number.isNaN(value)),
    },
  ]);
  const certificates = Object.entries(tls ? { grpc: tls.cert, grpc_authority: tls.ca } : {});
  show('certificates', async () => certificates, [
    {
      name: 'tls_certificate_expiry_timestamp_seconds', help: 'Until when a certificate of this process holds', labelNames: ['certificate'],
      values: (held) => held.map(([certificate, pem]) => ({ labels: { certificate }, value: expiryOf(pem as Buffer) })),
    },
  ]);
}

function madeAt(id: string): number {
  const [, year, month, day] = DAY.exec(id) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000;
}

function expiryOf(pem: Buffer): number {
  return Date.parse(new X509Certificate(pem).validTo) / 1000;
}
