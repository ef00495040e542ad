import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
type Locked = { version?: string; resolved?: string; integrity?: string; dev?: boolean; optional?: boolean; os?: string[]; license?: string };
const read = <T>(path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json');
const locked = Object.entries(packages).filter(([path]) => path !== '');

/** Licences that let others take, change and sell what we make with no more than their names in it. */
const PERMISSIVE = new Set(['MIT', 'MIT-0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0', 'Unlicense', 'Public Domain', 'CC0-1.0', 'Python-2.0', 'PostgreSQL', 'CC-BY-4.0']);
/** Say it in a file only; looked at by a person. */
const LOOKED_AT: Record<string, string> = { unionfs: 'Unlicense' };

const nameOf = (path: string) => path.split('node_modules/').at(-1)!;

it('every package is pinned with its hash, and comes from a registry: no URL, no repository, no host of anybody', () => {
  expect(locked.length).toBeGreaterThan(300);
  for (const [path, { version, resolved, integrity, optional }] of locked) {
    expect(version, path).toMatch(/^\d+\.\d+\.\d+/);
    expect(resolved, path).toBeUndefined();
    // Binaries of other platforms that the registry at hand lacked: npm checks them where they are installed.
    if (!optional) expect(integrity, path).toMatch(/^sha512-/);
  }
});

it('what we ask for by name is pinned to a version', () => {
  const { dependencies, devDependencies } = read<Record<'dependencies' | 'devDependencies', Record<string, string>>>('package.json');
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
});

it('everything that is delivered has a permissive licence', () => {
  const others = locked.flatMap(([path, { dev }]) => {
    // Of other platforms: not installed here.
    if (dev || !existsSync(join(ROOT, path, 'package.json'))) return [];
    const { license = LOOKED_AT[nameOf(path)] ?? 'none' } = read<{ license?: string }>(join(path, 'package.json'));
    const all = license.replaceAll(/[()]/g, '').split(/ AND /);
    return all.every((one) => one.split(' OR ').some((alternative) => PERMISSIVE.has(alternative))) ? [] : [`${path}: ${license}`];
  });
  expect(others).toEqual([]);
});
