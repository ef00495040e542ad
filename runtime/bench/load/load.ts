import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Job, JobResult } from './jobs.ts';

export type Load = {
  /** Sends a job's requests from the generator's process. One job at a time. */
  run(job: Job): Promise<JobResult>;
  stop(): void;
};

/** Starts the process of the load generator; it ends with this one. */
export function startLoad(): Load {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), { stdio: 'inherit' });
  child.on('disconnect', () => child.kill());
  return {
    run: async (job) => {
      const answered = once(child, 'message') as Promise<[{ result: JobResult } | { failed: string }]>;
      child.send(job);
      const ended = once(child, 'exit').then(() => {
        throw new Error('the load generator ended');
      });
      // Loses the race in every good run; its rejection at the end belongs to nobody then.
      ended.catch(() => undefined);
      const [message] = await Promise.race([answered, ended]);
      if ('failed' in message) throw new Error(`load generator: ${message.failed}`);
      return message.result;
    },
    stop: () => child.kill(),
  };
}
