export type PidLock =
  | { readonly taken: true; release(): void }
  | { readonly taken: false; /** The process that holds it. */ readonly pid: number };

/**
 * Takes the lock `name` in `folder` (made when missing) for this process, at once or not at all.
 * The lock of a process that has ended, killed or not, is free; of any number of processes that try, one gets it.
 */
export function takePidLock(options: { folder: string; name: string }): PidLock;
