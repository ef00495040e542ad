import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freshKeyRing } from '../../db/encryption/key-ring.ts';
import { roleOf, SERVICES, type ServiceName } from '../../db/provision.ts';
import { contentOf, madeOnce } from '../made-once.ts';
import { sharedServiceKeys } from '../rpc/keys.ts';
import { authorityIn, certify } from './certificates.ts';
import { issuerFiles } from './issuer-files.ts';
import { replaceFile } from './replace-file.ts';
import { type ApplicationProcess, APPLICATION, CERTIFIED, POSTGRES_AT } from './roster.ts';

/** Whose private keys each process has: its own. Commands of operators sign as the API what enrollments must be able to verify. */
const SIGNS_AS: Record<ApplicationProcess, readonly string[]> = {
  api: ['api'],
  ...(Object.fromEntries(SERVICES.map((name) => [name, [name]])) as unknown as Record<ServiceName, string[]>),
  enrollment: [],
  ops: ['ops', 'api', ...SERVICES],
};

/**
 * All secrets and certificates of an installation under `root`, a folder for each process with what it needs and no
 * more. What is there is kept, so it may be run at every start; only certificates that are about to end are replaced.
 * Tells which ones those were.
 */
export async function makeKeys(root: string, { realm }: { realm: string }): Promise<{ renewed: string[] }> {
  const at = (...names: string[]) => join(root, ...names);
  const password = (...names: string[]) => madeOnce(at(...names), () => randomBytes(24).toString('hex'));

  await Promise.all([
    madeOnce(at('shared', 'hash.key'), () => randomBytes(32).toString('hex')),
    madeOnce(at('shared', 'payload.json'), freshKeyRing),
    madeOnce(at('services', 'key-encryption.json'), freshKeyRing),
    madeOnce(at('services', 'audit-seals.json'), freshKeyRing),
  ]);
  await copy(at('ops', 'index.key'), await madeOnce(at('patient', 'index.key'), () => randomBytes(32).toString('hex')));

  // Images of others run as users of their own: what they read is kept from the rest by its volume alone.
  await copy(at('postgres', 'password'), await password('databases', 'postgres.password'), 0o644);
  await copy(at('grafana', 'password'), await password('people', 'grafana.password'), 0o644);
  await replaceFile(at('databases', 'url'), urlOf('postgres', await password('databases', 'postgres.password'), 'postgres'));
  for (const name of SERVICES) {
    const url = urlOf(roleOf(name), await password('databases', `${roleOf(name)}.password`), name);
    await copy(at(name, 'database-url'), url);
    await copy(at('ops', `database-url-${name}`), url);
  }
  await copy(at('temporal', 'database-password'), await password('databases', 'temporal.password'));

  await serviceKeys(root);
  const clientSecret = await password('people', 'temporal-ui.secret');
  await copy(at('temporal-ui', 'client-secret'), clientSecret);
  const issuer = { databasePassword: await password('databases', 'issuer.password'), adminPassword: await password('people', 'issuer-admin.password'), userPassword: await password('people', 'user.password'), clientSecret };
  for (const [name, content] of Object.entries(issuerFiles(issuer, realm))) await copy(at('issuer', name), content);

  const authority = await authorityIn(at('authority'));
  const renewed: string[] = [];
  for (const [name, names] of Object.entries(CERTIFIED)) if (await certify(at(name), { authority, names })) renewed.push(name);
  // To trust, for those that show no certificate themselves, and for people's browsers.
  for (const name of ['ops', 'people']) await copy(at(name, 'ca.pem'), authority.cert);
  return { renewed };
}

/** Everybody's public keys, and of the private ones those that this process signs with. */
async function serviceKeys(root: string): Promise<void> {
  const file = join(root, 'authority', 'services.json');
  await sharedServiceKeys(file);
  const all = JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, string>>;
  for (const process of APPLICATION) {
    const shown = Object.entries(all).map(([caller, { d, ...jwk }]) => [caller, SIGNS_AS[process].includes(caller) ? { ...jwk, d } : jwk] as const);
    await copy(join(root, process, 'services.json'), JSON.stringify(Object.fromEntries(shown)));
  }
}

const urlOf = (role: string, password: string, database: string) => `postgres://${role}:${password}@${POSTGRES_AT}/${database}`;

/** Written only where it says something else by now. */
async function copy(file: string, content: string, mode = 0o600): Promise<void> {
  if ((await contentOf(file)) !== content) await replaceFile(file, content, mode);
}
