/** A process, told apart from a later one with the same pid by when it began. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string | undefined;
}

/** When the process with this pid began, as an opaque text (undefined: no such process, or it is a zombie). */
export function processStartTime(pid: number): string | undefined;

/** Whether exactly this process still runs; a later process that was given the same pid does not count. */
export function isRunning(identity: ProcessIdentity): boolean;
