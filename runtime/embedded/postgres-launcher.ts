import { execFile } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from './startup-error.ts';

const PROBE_TIMEOUT_MS = 5_000;
const run = promisify(execFile);

/** How a PostgreSQL program is started, so that it does not see itself as root. */
export interface Launcher {
  commandFor(program: string, args: readonly string[]): { command: string; args: string[]; uid?: number; gid?: number };
  /** Hands a file or an empty folder to the user the server runs as. */
  handOver(path: string): void;
}

const asOurselves: Launcher = {
  commandFor: (program, args) => ({ command: program, args: [...args] }),
  handOver: () => undefined,
};

/** Passes when the user may reach the data folder, write to it once it is there, and run the program. */
const PROBE = '[ -x "$1" ] && { [ ! -e "$2" ] || [ -w "$2" ]; } && exec "$0" --version';

/**
 * PostgreSQL refuses to run as root. As root it is therefore started in a user namespace, where it believes to be
 * another user while files stay root's; where that does not work, as the user who owns the checkout, or as one without rights.
 * Throws StartupError `postgres_no_unprivileged_user` when none of them can reach the data folder and run the programs.
 */
export async function chooseLauncher({ postgres, dataDir }: { postgres: string; dataDir: string }): Promise<Launcher> {
  if (process.getuid?.() !== 0) return asOurselves;
  const user = unprivilegedUser();
  const owner = statSync(postgres);
  const candidates = [namespaceLauncher(user), ...(owner.uid === 0 ? [] : [otherUserLauncher(owner)]), otherUserLauncher(user)];
  for (const launcher of candidates) {
    if (await works({ launcher, postgres, dataDir })) return launcher;
  }
  throw new StartupError({
    code: 'postgres_no_unprivileged_user',
    message:
      'PostgreSQL does not run as root, user namespaces are of no help here, and an unprivileged user cannot reach this folder: ' +
      'start as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.',
  });
}

async function works({ launcher, postgres, dataDir }: { launcher: Launcher; postgres: string; dataDir: string }): Promise<boolean> {
  const { command, args, ...ids } = launcher.commandFor('sh', ['-c', PROBE, postgres, dirname(dataDir), dataDir]);
  try {
    await run(command, args, { ...ids, cwd: '/', timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    // Whatever the reason (no unshare, not allowed, no access): the next way is tried, and the last one reports.
    return false;
  }
}

function namespaceLauncher({ uid, gid }: { uid: number; gid: number }): Launcher {
  const map = ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  return {
    commandFor: (program, args) => ({ command: 'unshare', args: [...map, program, ...args] }),
    handOver: () => undefined,
  };
}

function otherUserLauncher({ uid, gid }: { uid: number; gid: number }): Launcher {
  return {
    commandFor: (program, args) => ({ command: program, args: [...args], uid, gid }),
    handOver: (path) => chownSync(path, uid, gid),
  };
}

/** initdb looks its user up by number: it has to be one that /etc/passwd knows. */
function unprivilegedUser(): { uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((user) => user.uid > 0);
  return users.find(({ name }) => name === 'postgres') ?? users.find(({ name }) => name === 'nobody') ?? users[0] ?? { uid: 65_534, gid: 65_534 };
}
