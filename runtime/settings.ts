import { join } from 'node:path';
import type { EdgeRules } from '../api/deps.ts';
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
    seals: { everyMs: config.AUDIT_SEAL_INTERVAL_MS, dir: config.AUDIT_SEALS_DIR ?? join(config.DATA_DIR, 'audit-seals') },
    codeBreakSweepMs: config.CODE_BREAK_SWEEP_MS,
    watch: { everyMs: config.STUCK_WATCH_MS, escalateAfterMs: config.STUCK_ESCALATION_MS },
    edge: { rules: rulesOf(config), ...(config.OIDC_SIGNING_ACR === undefined ? {} : { signingAcr: config.OIDC_SIGNING_ACR }) },
    listen: { host: config.HOST, port: config.PORT },
    publicUrl: config.PUBLIC_URL ?? `http://127.0.0.1:${config.PORT}`,
  } satisfies Partial<SystemOptions>;
}

/** No limits in development, where load is put on it on purpose. */
function rulesOf(config: Config): EdgeRules {
  const production = config.NODE_ENV === 'production';
  const perCaller = config.RATE_LIMIT_PER_CALLER ?? (production ? 50 : undefined);
  const perAddress = config.RATE_LIMIT_PER_ADDRESS ?? (production ? 200 : undefined);
  return {
    ...(perCaller === undefined ? {} : { perCaller }),
    ...(perAddress === undefined ? {} : { perAddress }),
    trustedProxies: config.TRUSTED_PROXIES,
    corsOrigins: config.CORS_ORIGINS?.split(',') ?? [],
    temporalUiOrigins: uiOriginsOf(config),
    https: config.PUBLIC_URL?.startsWith('https:') ?? false,
  };
}

/** Without a word the embedded UI's own; a Temporal server of somebody's has its UI nobody here knows where. */
function uiOriginsOf({ TEMPORAL_UI_ORIGINS: named, TEMPORAL_ADDRESS, TEMPORAL_UI_PORT }: Config): string[] {
  if (named !== undefined) return named.split(',');
  return TEMPORAL_ADDRESS === undefined ? [`http://127.0.0.1:${TEMPORAL_UI_PORT}`] : [];
}

export function mailOf(config: Config, smtpUrl: string): SystemOptions['mail'] {
  return { smtpUrl, from: config.MAIL_FROM, timeoutMs: config.MAIL_TIMEOUT_MS };
}
