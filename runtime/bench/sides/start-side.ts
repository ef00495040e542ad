import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromSide, SideOptions, ToSide } from './messages.ts';

export type Side = {
  register(count: number): Promise<void>;
  /** Enrols those registered; how many a second. */
  run(inFlight: number): Promise<number>;
  stop(): Promise<void>;
};

const ENTRY = fileURLToPath(new URL('side.ts', import.meta.url));
const WITHOUT = new URL('../without/preload.ts', import.meta.url).href;
const UNTOLD = new URL('../untold/preload.ts', import.meta.url).href;

/** A system with everything on, or one without what protects the data, or that tells nothing, in a process of its own. */
export async function startSide(options: SideOptions): Promise<Side> {
  const preloads = [...(options.protected ? [] : [WITHOUT]), ...(options.told === false ? [UNTOLD] : [])];
  await mkdir(dirname(options.dir), { recursive: true });
  // Lines that are told go into a file, as where a container's are kept.
  const lines = options.told ? await open(`${options.dir}.log`, 'a') : undefined;
  const child = fork(ENTRY, { stdio: ['inherit', lines?.fd ?? 'inherit', 'inherit', 'ipc'], execArgv: preloads.flatMap((preload) => ['--import', preload]) });
  await lines?.close();
  const ended = once(child, 'exit').then((): FromSide => ({ failed: 'its process ended' }));
  const ask = async (message: ToSide) => {
    const answered = once(child, 'message').then(([first]) => first as FromSide);
    child.send(message);
    const answer = await Promise.race([answered, ended]);
    if ('failed' in answer) throw new Error(`a side of the bench: ${answer.failed}`);
    return answer.done;
  };
  const stop = async () => {
    // One that can't end its servers in good order leaves them to their warden.
    if (child.connected) await ask({ stop: true }).catch(() => undefined);
    if (child.connected) child.disconnect();
    await ended;
  };
  await ask({ start: options }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    register: async (count) => void (await ask({ register: count })),
    run: async (inFlight) => (await ask({ run: { inFlight } })).perSecond ?? Number.NaN,
    stop,
  };
}
