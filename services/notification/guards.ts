import type { Guard } from '../common/authority/index.ts';
import type { NotificationDeps } from './deps.ts';

/** No operation of the edge reads messages yet. */
export const guards: Record<string, Guard<NotificationDeps>> = {
  listMessages: { for: [] },
};
