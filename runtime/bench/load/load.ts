import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Job, JobResult } from './jobs.ts';

export type Load = {
  /** Sends a job's requests from the generator's process. One job at a time. */
  run(job: Job): Promise<JobResult>;
  stop(): void;
};

/** Starts the process of the load generator; without this process's channel it ends by itself. */
export function startLoad(): Load {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), { stdio: 'inherit' });
  const ended = once(child, 'exit').then(() => ({ failed: 'its process ended' }));
  return {
    run: async (job) => {
      const answered = once(child, 'message') as Promise<[{ result: JobResult } | { failed: string }]>;
      child.send(job);
      const message = await Promise.race([answered.then(([first]) => first), ended]);
      if ('failed' in message) throw new Error(`load generator: ${message.failed}`);
      return message.result;
    },
    stop: () => child.disconnect(),
  };
}
