import type { requestMetrics as realMetrics } from '../../../api/metrics.ts';

export * from '../../../api/metrics.ts';

/** Requests that nobody counts. */
export const requestMetrics: typeof realMetrics = () => ({ observe: () => undefined });
