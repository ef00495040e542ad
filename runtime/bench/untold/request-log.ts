import { uuidv7 } from 'uuidv7';
import type { requestLog as realLog } from '../../../api/request-log.ts';

export * from '../../../api/request-log.ts';

/** Requests have their ids, and no lines. */
export const requestLog: typeof realLog = () => (c, next) => {
  c.set('requestId', uuidv7());
  return next();
};
