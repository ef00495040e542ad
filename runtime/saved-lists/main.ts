import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { DEMO } from '../demo/study.ts';
import { StartupError } from '../embedded/startup-error.ts';
import { savedLists } from './lists.ts';

/** `npm run --silent lists`: the links of docs/coordinators.md, for the week that begins today. */
try {
  const { ui, site } = readArguments();
  const base = (ui ?? `http://127.0.0.1:${readConfig().TEMPORAL_UI_PORT}`).replace(/\/$/, '');
  for (const { name, path } of savedLists({ now: new Date(), siteCode: site })) console.log(`${name}\n  ${base}${path}`);
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`trial-enrollment: ${error.message}`);
  process.exit(2);
}

function readArguments(): { ui?: string | undefined; site: string } {
  try {
    return parseArgs({ options: { ui: { type: 'string' }, site: { type: 'string', default: DEMO.siteCodes.roomy } } }).values;
  } catch (cause) {
    throw new StartupError({ code: 'bad_configuration', message: 'usage: npm run --silent lists -- [--ui URL] [--site CODE]', cause });
  }
}
