import type { observed as realObserved } from '../../../services/common/rpc/observed.ts';

export * from '../../../services/common/rpc/observed.ts';

/** A call that nobody is told of. */
export const observed: typeof realObserved = (_observe, _method, work) => work();
