import { pino } from 'pino';

/** Says nothing unless `TEST_LOG` names a level. */
export const testLog = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
