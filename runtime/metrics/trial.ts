import type { InjectedSinks } from '@temporalio/worker';
import { Counter, Histogram, type Registry } from 'prom-client';
import { STUCK_KINDS } from '../../services/common/index.ts';
import type { Delivery } from '../../services/notification/index.ts';
import { OUTCOMES } from '../../services/study/index.ts';
import { STEPS } from '../../workflows/consent-to-enrollment/steps.ts';
import type { TrialSinks } from '../../workflows/observe.ts';
import type { Services } from '../services.ts';
import type { Sampling } from './sampled.ts';

export type TrialMetrics = {
  /** For the workflows' worker: told of what happens as it happens. */
  sinks: InjectedSinks<TrialSinks>;
  onDelivery(delivery: Delivery): void;
};

/** From a second to four months: most stages wait for people. */
const STAGE_BUCKETS = [1, 10, 60, 600, 3600, 6 * 3600, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400, 28 * 86_400, 56 * 86_400, 120 * 86_400];

/** The steps that a saga undoes; the pivot is settled. */
const UNDONE = Object.entries(STEPS).flatMap(([step, about]) => ('undo' in about && about.side !== 'pivot' ? [step] : []));

/** Of each kind of rows so many are counted for a metric. */
const MOST = 100_000;

/**
 * How the trials go: over all studies and sites, by codes. Nothing here is about a person, an enrollment, a study or a
 * site; REST has the numbers of each study.
 */
export function trialMetrics(registry: Registry): TrialMetrics {
  const registers = [registry];
  const stages = new Histogram({ name: 'trial_stage_seconds', help: 'Time that enrollments were in a stage, when it is over', labelNames: ['stage'] as const, buckets: STAGE_BUCKETS, registers });
  const compensations = new Counter({ name: 'trial_compensations_total', help: 'Steps that were undone (done), and rounds of trying to that failed', labelNames: ['step', 'result'] as const, registers });
  const ended = new Counter({ name: 'trial_enrollments_ended_total', help: 'Enrollments that ended, and active participants who withdrew', labelNames: ['outcome'] as const, registers });
  const deliveries = new Counter({ name: 'trial_notification_deliveries_total', help: 'Mails that were handed over, or could not be', labelNames: ['kind', 'result'] as const, registers });
  // From 0 on, so that also the first one shows as a rise.
  for (const step of UNDONE) for (const result of ['done', 'failed']) compensations.inc({ step, result }, 0);
  for (const outcome of OUTCOMES) ended.inc({ outcome }, 0);
  return {
    sinks: {
      trial: {
        stageEnded: { fn: (_run, stage, seconds) => stages.observe({ stage }, Math.max(0, seconds)), callDuringReplay: false },
        compensated: { fn: (_run, step, result) => compensations.inc({ step, result }), callDuringReplay: false },
        ended: { fn: (_run, outcome) => ended.inc({ outcome }), callDuringReplay: false },
      },
    },
    onDelivery: (delivery) => deliveries.inc(delivery),
  };
}

/** Shows the state that the services of this process have, as they have it. */
export function showTrial({ show }: Sampling, { study, site, notification }: Partial<Services>): void {
  const input = { most: MOST };
  if (study) {
    show('enrollments', () => study.countEnrollments({ input }), [
      {
        name: 'trial_enrollments', help: 'Enrollments by where they stand; without an outcome yet: open', labelNames: ['stage', 'outcome'],
        values: (counts) => counts.map(({ stage, outcome, n }) => ({ labels: { stage, outcome }, value: n })),
      },
      {
        name: 'trial_enrollments_need_attention', help: 'Enrollments that wait for an operator', labelNames: ['stage'],
        values: (counts) => counts.map(({ stage, needsAttention, n }) => ({ labels: { stage }, value: needsAttention ? n : 0 })),
      },
    ]);
  }
  if (site) {
    show('slots', () => site.countSlots({ input }), [
      {
        name: 'trial_slots_used', help: 'Places that are taken, at all sites together', labelNames: ['status'],
        values: ({ reserved, confirmed }) => [{ labels: { status: 'reserved' }, value: reserved }, { labels: { status: 'confirmed' }, value: confirmed }],
      },
      { name: 'trial_slots_cap', help: 'Places that there are, at all sites together', values: ({ cap }) => [{ value: cap }] },
      { name: 'trial_sites_full', help: 'Activations of a site for a study without a free place', values: ({ full }) => [{ value: full }] },
    ]);
  }
  if (notification) {
    show('stuck_cases', () => notification.countStuckCases({ input }), [
      {
        name: 'trial_stuck_cases', help: 'What the watch has found stuck and is not over', labelNames: ['kind'],
        values: (counts) => [...STUCK_KINDS.map((kind) => ({ labels: { kind }, value: 0 })), ...counts.map(({ kind, n }) => ({ labels: { kind }, value: n }))],
      },
    ]);
  }
}
