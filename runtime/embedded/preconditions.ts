import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { StartupError } from './startup-error.ts';

/** Makes the folder where it is missing. Throws StartupError `data_dir_not_writable` when a file can't be written there. */
export function ensureWritable(dir: string): void {
  const probe = join(dir, `.writable-${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const message = `The folder ${dir} can't be written to (${reason}): change its permissions, or set DATA_DIR to another one.`;
    throw new StartupError({ code: 'data_dir_not_writable', message, cause });
  }
}

/**
 * Throws StartupError `port_taken` when the port of 127.0.0.1 can't be listened on.
 * `name` is the variable that sets it, such as `PORT`.
 */
export async function ensurePortFree({ port, name }: { port: number; name: string }): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  } catch (cause) {
    throw portTaken({ port, name, cause });
  }
}

/** The same for a port that was free and can't be listened on when it comes to it. */
export function portTaken({ port, name, cause }: { port: number; name: string; cause: unknown }): StartupError {
  const reason = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'is taken by another program' : "can't be listened on";
  return new StartupError({ code: 'port_taken', message: `Port ${port} ${reason}: end that program, or set ${name} to another port.`, cause });
}
