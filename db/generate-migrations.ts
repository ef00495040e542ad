import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVICES } from './provision.ts';

// Writes the next migration of one service from what its tables.ts has gained since the last one.
const [service, name, ...rest] = process.argv.slice(2);
const known = SERVICES.some((one) => one === service);
if (!known || !name || !/^[a-z0-9][a-z0-9_-]{0,59}$/.test(name) || rest.length > 0) {
  console.error(`usage: npm run migrations -- <${SERVICES.join(' | ')}> <name of lower-case letters, digits, "-", "_">`);
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const kit = join(root, 'node_modules', '.bin', 'drizzle-kit');
// By this Node, not by the first one in the PATH, which the kit's own first line would take.
const { status, error } = spawnSync(
  process.execPath,
  [kit, 'generate', '--config', 'db/drizzle.config.ts', '--name', name],
  { cwd: root, env: { ...process.env, SERVICE: service }, stdio: 'inherit' },
);
if (error) throw error;
process.exit(status ?? 1);
