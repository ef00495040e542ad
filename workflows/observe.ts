import { proxySinks, type Sinks } from '@temporalio/workflow';

/**
 * What the workflows' worker is told for its metrics as it happens, never in a replay: codes and times only. A run does
 * not know whether anybody listens, and nothing comes back.
 */
export interface TrialSinks extends Sinks {
  trial: {
    /** A stage is over, after so many seconds. */
    stageEnded(stage: string, seconds: number): void;
    /** A step has been undone (`done`), or a round of trying to has failed. */
    compensated(step: string, result: 'done' | 'failed'): void;
    /** An enrollment has ended, or an active participant has withdrawn. */
    ended(outcome: string): void;
  };
}

export const { trial } = proxySinks<TrialSinks>();
