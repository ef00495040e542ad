import type { tracedTransaction as realTransaction } from '../../../db/traced.ts';

/** A statement without a span. */
export const tracedStatement = (): void => undefined;

/** A transaction without a span. */
export const tracedTransaction: typeof realTransaction = (_schema, run) => run();
