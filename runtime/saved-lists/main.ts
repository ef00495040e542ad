import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { DEMO } from '../demo/study.ts';
import { savedLists } from './lists.ts';

/** `npm run --silent lists`: the links of docs/coordinators.md, for the week that begins today. */
const { values } = parseArgs({ options: { ui: { type: 'string' }, site: { type: 'string', default: DEMO.siteCodes.roomy } } });
const ui = (values.ui ?? `http://127.0.0.1:${readConfig().TEMPORAL_UI_PORT}`).replace(/\/$/, '');
for (const { name, path } of savedLists({ now: new Date(), siteCode: values.site })) console.log(`${name}\n  ${ui}${path}`);
