import type { NotificationService } from '../services/notification/index.ts';
import { asActivities, type OnUnexpected } from './adapt.ts';

/** What workflows may ask of the Notification service. */
export function notificationActivities(service: NotificationService, onUnexpected: OnUnexpected) {
  return asActivities(
    {
      sendNotice: service.sendNotice,
      sendIncident: service.sendIncident,
      openStuckCases: service.openStuckCases,
      reportStuck: service.reportStuck,
    },
    onUnexpected,
  );
}

export type NotificationActivities = ReturnType<typeof notificationActivities>;
