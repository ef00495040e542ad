import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SUPERUSER } from './postgres-cluster.ts';
import { StartupError } from './startup-error.ts';

/** The superuser's URL of the embedded PostgreSQL that another process runs on this data folder. Throws StartupError when none does. */
export async function runningClusterUrl(dataDir: string): Promise<string> {
  try {
    const [pidFile, password] = await Promise.all([
      readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'latin1'),
      readFile(join(dataDir, 'postgres.password'), 'utf8'),
    ]);
    const [, , , port] = pidFile.split('\n');
    return `postgres://${SUPERUSER}:${password.trim()}@127.0.0.1:${port}/postgres`;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    const message = 'No PostgreSQL runs on this DATA_DIR: start the system (npm start), or name the database with DATABASE_URL.';
    throw new StartupError({ code: 'dependency_unreachable', message, cause });
  }
}
