import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { StartupError } from '../embedded/startup-error.ts';
import { contentOf, madeOnce } from '../made-once.ts';
import { CALLERS, type Caller } from '../../services/common/rpc/index.ts';

/** A signing key per caller (Ed25519); a process needs its own private one and everybody's public ones. */
export type ServiceKeys = {
  privateKeys: Readonly<Partial<Record<Caller, CryptoKey>>>;
  publicKeys: Readonly<Partial<Record<Caller, CryptoKey>>>;
  /** By which what the API has signed of a command is verified: the key of today, and former ones. */
  assertionKeys: readonly CryptoKey[];
};

/** `formerApi`: what the API had signed by before; steps that were asked for then may be carried out months later. */
type Jwks = Partial<Record<Caller, JWK>> & { formerApi?: JWK[] };

/** Keys that live as long as the process: enough where all callers are in it. */
export async function freshServiceKeys(): Promise<ServiceKeys> {
  return imported(await freshJwks());
}

/** The keys of processes that share a data folder: made on first use, readable by their owner only. */
export async function sharedServiceKeys(file: string): Promise<ServiceKeys> {
  return imported(JSON.parse(await madeOnce(file, async () => JSON.stringify(await freshJwks()))) as Jwks);
}

/** The keys of this installation: configured ones, or those of its data folder. */
export async function loadServiceKeys({ SERVICE_KEYS_FILE, file }: { SERVICE_KEYS_FILE?: string | undefined; file: string }): Promise<ServiceKeys> {
  return SERVICE_KEYS_FILE === undefined ? sharedServiceKeys(file) : configuredServiceKeys(SERVICE_KEYS_FILE);
}

/** Keys that somebody else made: the process's own with the private part, the others without. Throws StartupError. */
export async function configuredServiceKeys(file: string): Promise<ServiceKeys> {
  const text = await contentOf(file);
  if (text === undefined) throw new StartupError({ code: 'bad_configuration', message: 'SERVICE_KEYS_FILE names a file that is not there.' });
  try {
    return await imported(JSON.parse(text) as Jwks);
  } catch (cause) {
    throw new StartupError({ code: 'bad_configuration', message: 'SERVICE_KEYS_FILE is not a JSON object from caller to Ed25519 JWK.', cause });
  }
}

async function freshJwks(): Promise<Jwks> {
  const made = CALLERS.map(async (caller) => {
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    return [caller, await exportJWK(privateKey)] as const;
  });
  return Object.fromEntries(await Promise.all(made));
}

async function imported({ formerApi = [], ...jwks }: Jwks): Promise<ServiceKeys> {
  const keys = { privateKeys: {} as Record<string, CryptoKey>, publicKeys: {} as Partial<Record<string, CryptoKey>> };
  for (const [caller, { d, ...publicJwk }] of Object.entries(jwks)) {
    keys.publicKeys[caller] = (await importJWK(publicJwk, 'EdDSA')) as CryptoKey;
    if (d !== undefined) keys.privateKeys[caller] = (await importJWK({ ...publicJwk, d }, 'EdDSA')) as CryptoKey;
  }
  const former = await Promise.all(formerApi.map(async ({ d: _private, ...jwk }) => (await importJWK(jwk, 'EdDSA')) as CryptoKey));
  return { ...keys, assertionKeys: [...(keys.publicKeys['api'] ? [keys.publicKeys['api']] : []), ...former] };
}
