// The one-shot jobs of docker-compose.yml, in the order in which they run; each may be repeated.
//   node runtime/compose/main.ts keys FOLDER    all secrets and certificates, a folder for each process
//   node runtime/compose/main.ts databases FOLDER   databases, roles (their passwords in FOLDER) and schemas, on the server of DATABASE_URL
//   node runtime/compose/main.ts temporal       namespace and search attributes, on the server of TEMPORAL_ADDRESS
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../config.ts';
import { StartupError } from '../embedded/startup-error.ts';
import { configuredTemporal } from '../installation-temporal.ts';
import { loadSecrets } from '../keys.ts';
import { reachable } from '../provision.ts';
import { makeKeys } from './make-keys.ts';
import { prepareServer } from './prepare-databases.ts';
import { prepareTemporal } from './prepare-temporal.ts';

const [job, folder] = process.argv.slice(2);
try {
  await run();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`trial-enrollment: ${error.message}`);
  process.exit(1);
}

async function run(): Promise<void> {
  if (job === 'keys' && folder !== undefined) {
    const realm = await readFile(fileURLToPath(new URL('../../ops/keycloak/realm.json', import.meta.url)), 'utf8');
    const { renewed } = await makeKeys(folder, { realm });
    console.log(`keys are there${renewed.length === 0 ? '' : `; new certificates for ${renewed.join(', ')}: start these again`}`);
  } else if (job === 'databases' && folder !== undefined) {
    const config = readConfig();
    if (config.DATABASE_URL === undefined) throw new StartupError({ code: 'bad_configuration', message: 'This job needs DATABASE_URL, of a superuser. See docs/deploy.md.' });
    const adminUrl = config.DATABASE_URL;
    const secrets = await loadSecrets(config);
    await reachable(() => prepareServer({ adminUrl, passwords: folder, secrets }));
    console.log('databases are up to date');
  } else if (job === 'temporal') {
    const { TEMPORAL_ADDRESS } = readConfig();
    if (TEMPORAL_ADDRESS === undefined) throw new StartupError({ code: 'bad_configuration', message: 'This job needs TEMPORAL_ADDRESS. See docs/deploy.md.' });
    const temporal = configuredTemporal();
    await prepareTemporal(temporal);
    console.log(`namespace ${temporal.namespace} is there, with its search attributes`);
  } else {
    console.error('usage: node runtime/compose/main.ts keys FOLDER | databases FOLDER_OF_PASSWORDS | temporal');
    process.exit(2);
  }
}
