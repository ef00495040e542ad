import { parseArgs } from 'node:util';
import { embeddedIssuer } from './dev-issuer.ts';
import { ROLES, type Role } from '../services/common/index.ts';
import { readConfig } from './config.ts';
import { StartupError } from './embedded/startup-error.ts';

const USAGE = `usage: npm run --silent token -- --role ROLE [--user ID] [--name TEXT] [--site CODE] [--study CODE] [--subject PATIENT_ID]
roles: ${ROLES.join(', ')}; --site and --study may be repeated`;

const { values } = readArguments();
const { role } = values;
if (!isRole(role) || (role === 'patient' && values.subject === undefined)) {
  console.error(role === 'patient' ? `a patient's token needs --subject\n${USAGE}` : USAGE);
  process.exit(2);
}
const issuer = await issuerOrExit();
const id = values.user ?? `${role}-1`;
console.log(
  await issuer.sign({
    id,
    name: values.name ?? id,
    role,
    sites: values.site,
    studies: values.study,
    ...(values.subject === undefined ? {} : { patientId: values.subject }),
  }),
);

async function issuerOrExit() {
  try {
    return await embeddedIssuer(readConfig());
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    console.error(`trial-enrollment: ${error.message}`);
    process.exit(1);
  }
}

function isRole(name: string | undefined): name is Role {
  return ROLES.some((known) => known === name);
}

function readArguments() {
  const many = { type: 'string', multiple: true, default: [] as string[] } as const;
  const one = { type: 'string' } as const;
  try {
    return parseArgs({ options: { role: one, user: one, name: one, site: many, study: many, subject: one } });
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}
