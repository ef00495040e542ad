import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { patchesIn } from '../../runtime/deployment/version.ts';

const WORKFLOWS = fileURLToPath(new URL('../../workflows', import.meta.url));

it('a version knows each of its changes under patched(): all ids are written out in the code', async () => {
  const sources = readdirSync(WORKFLOWS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(WORKFLOWS, name), 'utf8').replaceAll(/^\s*(\/\/|\*).*$/gm, ''));
  const calls = sources.flatMap((text) => [...text.matchAll(/\b(?:patched|deprecatePatch)\((.*?)\)/g)].map(([, argument]) => argument!));
  expect(calls.length).toBeGreaterThan(0);
  for (const argument of calls) expect(argument).toMatch(/^'[\w-]+'$/);
  expect(await patchesIn(inject('workflowBundlePath'))).toEqual([...new Set(calls.map((argument) => argument.slice(1, -1)))].toSorted());
});
