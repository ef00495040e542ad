import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const windows = process.platform === 'win32';

export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const nodeModules = join(checkout, 'node_modules');

/** The Node that the project runs on (the package `node`), whatever Node the machine has. */
export const projectNode = join(nodeModules, 'node', 'bin', windows ? 'node.exe' : 'node');

/** Names that a program of this name may have in a folder of PATH. */
export function programNames(name) {
  return windows ? [`${name}.exe`] : [name];
}
