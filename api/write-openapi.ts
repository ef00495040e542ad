import { writeFile } from 'node:fs/promises';
import { openApiJson } from './openapi-json.ts';

await writeFile(new URL('../openapi.json', import.meta.url), openApiJson());
