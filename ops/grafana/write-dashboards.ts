import { mkdirSync, writeFileSync } from 'node:fs';
import { DASHBOARDS, textOf } from './dashboards.ts';

// Writes the dashboards that Grafana reads: `npm run dashboards`.
const folder = new URL('dashboards/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, one] of Object.entries(DASHBOARDS)) writeFileSync(new URL(`${name}.json`, folder), textOf(one));
