// `npm run --silent service-token -- --service site`: a token for a client such as grpcurl, valid for a minute. It may
// read what `ops` may (services/*/rpc.ts), nothing about persons.
import { parseArgs } from 'node:util';
import { SERVICES } from '../db/provision.ts';
import { serviceTokens } from '../services/common/rpc/index.ts';
import { readConfig } from './config.ts';
import { keyFiles } from './keys.ts';
import { loadServiceKeys } from './rpc/keys.ts';

const { values } = parseArgs({ options: { service: { type: 'string' } }, strict: false });
const service = SERVICES.find((name) => name === values.service);
const { DATA_DIR, SERVICE_KEYS_FILE } = readConfig();
const keys = await loadServiceKeys({ SERVICE_KEYS_FILE, file: keyFiles(DATA_DIR).services });
const key = keys.privateKeys.ops;
if (!service || !key) {
  console.error(service ? 'SERVICE_KEYS_FILE has no private key for ops' : `usage: npm run --silent service-token -- --service ${SERVICES.join('|')}`);
  process.exit(2);
}
console.log(await serviceTokens('ops', key)(service));
