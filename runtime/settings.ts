import type { Config } from './config.ts';
import type { SystemOptions } from './system.ts';

/** What a process takes from the configuration as it is, whichever part of the system it runs. */
export function settingsOf(config: Config) {
  return {
    databaseTimeoutMs: config.DATABASE_TIMEOUT_MS,
    opsEmail: config.OPS_EMAIL,
    privacyEmail: config.PRIVACY_OFFICER_EMAIL,
    callDeadlineMs: config.CALL_DEADLINE_MS,
    edgeDeadlineMs: config.EDGE_DEADLINE_MS,
    callConcurrency: config.CALL_CONCURRENCY,
    circuitOpenMs: config.CIRCUIT_OPEN_MS,
    timing: config.timing,
    retentionYears: config.RETENTION_YEARS,
    maxAuthAgeS: config.REAUTHENTICATION_MAX_AGE_S,
    codeBreakSweepMs: config.CODE_BREAK_SWEEP_MS,
    edge: config.OIDC_SIGNING_ACR === undefined ? {} : { signingAcr: config.OIDC_SIGNING_ACR },
    listen: { host: config.HOST, port: config.PORT },
    publicUrl: config.PUBLIC_URL ?? `http://127.0.0.1:${config.PORT}`,
  } satisfies Partial<SystemOptions>;
}

export function mailOf(config: Config, smtpUrl: string): SystemOptions['mail'] {
  return { smtpUrl, from: config.MAIL_FROM, timeoutMs: config.MAIL_TIMEOUT_MS };
}
