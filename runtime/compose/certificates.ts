import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { contentOf, madeOnce } from '../made-once.ts';
import { replaceFile } from './replace-file.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** The longest that browsers take of anybody. */
const CERTIFICATE_DAYS = 397;
/** A certificate with less than that left is replaced by the next run. */
const RENEW_BEFORE_DAYS = 60;

type Authority = { key: string; cert: string };
type Extension = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>[number];

const validity = (days: number, now: Date) => ({ notBeforeDate: new Date(now.getTime() - 60_000), notAfterDate: new Date(now.getTime() + days * DAY_MS) });
const named = (value: string) => [{ name: 'commonName', value }];
const EC = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** The authority of this installation, made on first use; `folder` is for nobody but who issues certificates. */
export async function authorityIn(folder: string, now = new Date()): Promise<Authority> {
  const text = await madeOnce(join(folder, 'authority.json'), async () => {
    const extensions: Extension[] = [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ];
    const { private: key, cert } = await generate(named('trial-enrollment installation'), { ...EC, ...validity(AUTHORITY_DAYS, now), extensions });
    return JSON.stringify({ key, cert } satisfies Authority);
  });
  return JSON.parse(text) as Authority;
}

/**
 * `ca.pem`, `tls.crt` and `tls.key` in the folder of a process, for these host names: both for serving and for calling.
 * Kept for as long as they are good for sixty days more; true when they were made anew.
 */
export async function certify(folder: string, { authority, names, now = new Date() }: { authority: Authority; names: readonly string[]; now?: Date }): Promise<boolean> {
  const [ca, crt, key] = ['ca.pem', 'tls.crt', 'tls.key'].map((name) => join(folder, name)) as [string, string, string];
  await replaceFile(ca, authority.cert);
  const known = await contentOf(crt);
  if (known !== undefined && (await contentOf(key)) !== undefined && isGood(known, { authority, names, now })) return false;
  const extensions: Extension[] = [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
  ];
  const made = await generate(named(names[0]!), { ...EC, ...validity(CERTIFICATE_DAYS, now), extensions, ca: authority });
  await replaceFile(key, made.private);
  await replaceFile(crt, made.cert);
  return true;
}

function isGood(pem: string, { authority, names, now }: { authority: Authority; names: readonly string[]; now: Date }): boolean {
  const certificate = new X509Certificate(pem);
  const left = Date.parse(certificate.validTo) - now.getTime();
  return left > RENEW_BEFORE_DAYS * DAY_MS && certificate.verify(new X509Certificate(authority.cert).publicKey) && names.every((name) => certificate.checkHost(name) !== undefined);
}

/** When the certificate in this file ends. */
export async function endOf(file: string): Promise<Date> {
  return new Date(new X509Certificate(await readFile(file)).validTo);
}
