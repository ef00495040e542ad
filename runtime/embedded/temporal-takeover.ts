import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { ProcessIdentity } from '../setup/process-identity.mjs';
import { endProcess } from './end-process.ts';
import type { EndStep } from './end-process.ts';

const remembered = z.object({ pid: z.int().positive(), startTime: z.string(), address: z.string().optional() });

/** Notes beside the database file which process serves it and where, for the next start and for operators' commands. */
export function rememberTemporal({ dbFile, address, identity: { pid, startTime } }: { dbFile: string; address: string; identity: ProcessIdentity }): void {
  if (startTime === undefined) return;
  writeFileSync(`${pidFile(dbFile)}.new`, JSON.stringify({ pid, startTime, address }));
  renameSync(`${pidFile(dbFile)}.new`, pidFile(dbFile));
}

export function forgetTemporal(dbFile: string): void {
  rmSync(pidFile(dbFile), { force: true });
}

/** Ends the server that a killed parent left running on this database file; two on one file would damage each other. */
export async function endLeftoverTemporal({ dbFile, steps }: { dbFile: string; steps: readonly EndStep[] }): Promise<void> {
  const leftover = readPidFile(dbFile);
  if (leftover) await endProcess({ identity: leftover, steps });
  forgetTemporal(dbFile);
}

/** Where the server that serves this file listens (host:port); undefined when none was noted. */
export function rememberedAddress(dbFile: string): string | undefined {
  return readPidFile(dbFile)?.address;
}

function readPidFile(dbFile: string): z.output<typeof remembered> | undefined {
  let text: string;
  try {
    text = readFileSync(pidFile(dbFile), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return remembered.parse(JSON.parse(text));
}

function pidFile(dbFile: string): string {
  return `${dbFile}.pid`;
}
