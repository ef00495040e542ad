import { z } from 'zod';
import { MAX_AUTH_AGE_S } from '../api/auth/re-authentication.ts';
import { SERVICES, type ServiceName } from '../db/provision.ts';
import { PRODUCTION_TIMING, type TimingProfile } from '../workflows/timing.ts';
import { DEFAULT_CALLEE } from '../services/common/resilience/index.ts';
import { StartupError } from './embedded/startup-error.ts';
import { PRIVACY_EMAIL, RETENTION_YEARS, WATCH } from './defaults.ts';
import { SWEEP_EVERY_MS } from './sweep-outboxes.ts';
import { isTrustworthyUrl } from './oidc/get-json.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const millis = (fallback: number) => z.coerce.number().int().min(1).max(86_400_000).default(fallback);
const keysUrl = z.url({ protocol: /^https?$/ }).refine(isTrustworthyUrl, 'https, or http on this machine only');
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519'] as const;
type Algorithm = (typeof ALGORITHMS)[number];
const isAlgorithm = (name: string): name is Algorithm => (ALGORITHMS as readonly string[]).includes(name);
const algorithms = z.string().refine((names) => names.split(',').every(isAlgorithm), `of ${ALGORITHMS.join(', ')}`);
const origins = z.string().regex(/^https?:\/\/[^\s/,*]+(,https?:\/\/[^\s/,*]+)*$/);
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** Every variable that the processes read, with its default. The README's table is checked against this. */
export const ENVIRONMENT = z.object({
  NODE_ENV: z.string().default('development').describe('`production` refuses the embedded token issuer, and turns the write actions of the embedded Temporal UI off'),
  PORT: port.default(3000).describe('REST API; of a worker alone: `/healthz`, `/readyz` and `/metrics`'),
  HOST: z.string().default('127.0.0.1').describe('Address that the REST API listens on'),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional().describe('Where people reach the REST API, for links; default: this machine, `PORT`'),
  TEMPORAL_UI_PORT: port.default(8233).describe('UI of the embedded Temporal server'),
  DATA_DIR: z.string().min(1).default('.data').describe('State of the embedded servers, keys, the embedded mailbox'),
  DATABASE_URL: postgresUrl.optional().describe('PostgreSQL instead of the embedded one, as a role that may create roles'),
  ...(Object.fromEntries(
    SERVICES.map((name) => [`DATABASE_URL_${name.toUpperCase()}`, postgresUrl.optional().describe(`PostgreSQL of the ${name} service alone, as its own role, with an empty schema \`${name}\` of its own`)]),
  ) as Record<`DATABASE_URL_${Uppercase<ServiceName>}`, z.ZodOptional<typeof postgresUrl>>),
  ...(Object.fromEntries(
    SERVICES.map((name) => [`DATABASE_OWNER_URL_${name.toUpperCase()}`, postgresUrl.optional().describe(`The same database as the role that owns that schema, which migrates it and gives the service’s role its rights; without it that role owns its tables itself`)]),
  ) as Record<`DATABASE_OWNER_URL_${Uppercase<ServiceName>}`, z.ZodOptional<typeof postgresUrl>>),
  DATABASE_TIMEOUT_MS: millis(5000).describe('A statement or a wait for a lock'),
  TEMPORAL_ADDRESS: z.string().min(1).optional().describe('Temporal server instead of the embedded one, host:port; `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*` as in Temporal’s own tools'),
  BUILD_ID: z.string().regex(/^[\w.-]{1,100}$/, 'letters, digits, ".", "_", "-", at most 100').optional().describe('Name of the version of the workflow code; default: the version of the project and the hash of that code'),
  DEPLOY_PROMOTE: z.enum(['auto', 'manual']).optional().describe('`auto`: the version that starts becomes the current one; `manual`: when operators say so (`ops deploy`). Default: `auto`, of a worker alone `manual`'),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional().describe('Mail server instead of the embedded mailbox'),
  MAIL_FROM: z.string().min(3).default('Trial enrollment <enrollment@trial.example>').describe('Sender of every mail'),
  MAIL_TIMEOUT_MS: millis(5000).describe('One mail, with everything'),
  OPS_EMAIL: z.email().default('ops@trial.example').describe('Who is told of stuck enrollments'),
  PRIVACY_OFFICER_EMAIL: z.email().default(PRIVACY_EMAIL).describe('Who is told of emergency access and of misused signatures'),
  HASH_KEY: z.string().regex(/^[0-9a-f]{64,}$/).optional().describe('Key of the HMACs over the content of commands, hexadecimal; default: a file in `DATA_DIR`'),
  INDEX_KEY: z.string().regex(/^[0-9a-f]{64,}$/).optional().describe('Key of the blind index by which persons are found, hexadecimal; default: a file in `DATA_DIR`'),
  KEY_ENCRYPTION_KEYS_FILE: z.string().min(1).optional().describe('Keys that wrap the data keys, mode 0600; default: a file in `DATA_DIR`'),
  PAYLOAD_KEYS_FILE: z.string().min(1).optional().describe('Keys of what Temporal keeps, mode 0600; default: a file in `DATA_DIR`'),
  AUDIT_SEAL_KEYS_FILE: z.string().min(1).optional().describe('Keys that the audit trail is sealed with, mode 0600; default: a file in `DATA_DIR`'),
  AUDIT_SEALS_DIR: z.string().min(1).optional().describe('Where each seal is written down as well, out of the reach of whoever has the database; default: a folder in `DATA_DIR`'),
  AUDIT_SEAL_INTERVAL_MS: millis(60_000).describe('Between two seals of the audit trail'),
  GRPC_HOST: z.string().default('127.0.0.1').describe('Address that a service of its own process listens on'),
  GRPC_PORT: port.optional().describe('Port of that service; a free one when absent'),
  ...(Object.fromEntries(
    SERVICES.map((name) => [`GRPC_URL_${name.toUpperCase()}`, z.url({ protocol: /^https?$/ }).optional().describe(`Where the ${name} service is, for a process that it does not run in`)]),
  ) as Record<`GRPC_URL_${Uppercase<ServiceName>}`, z.ZodOptional<z.ZodURL>>),
  GRPC_TLS_CA_FILE: z.string().min(1).optional().describe('Certificate of the authority of all processes, for TLS between them (PEM), with the two below'),
  GRPC_TLS_CERT_FILE: z.string().min(1).optional().describe('Certificate of this process'),
  GRPC_TLS_KEY_FILE: z.string().min(1).optional().describe('Its private key'),
  OIDC_ISSUER: keysUrl.refine((url) => !/[?#]/.test(url), 'no query and no fragment').optional().describe('OpenID Connect issuer whose access tokens are taken, exactly as its tokens say it; `https`, or `http` on this machine. Replaces the embedded issuer, which is for development'),
  OIDC_AUDIENCE: z.string().min(1).max(200).default('trial-enrollment').describe('Audience (`aud`) that its tokens must have'),
  OIDC_JWKS_URL: keysUrl.optional().describe('Where the issuer’s keys are; default: what its discovery document says'),
  OIDC_ALGORITHMS: algorithms.default('ES256,RS256,PS256,EdDSA').transform((names) => names.split(',') as Algorithm[]).describe('Signature algorithms that are taken, with commas between; asymmetric ones only'),
  OIDC_CLOCK_SKEW_S: z.coerce.number().int().min(0).max(300).default(30).describe('How far the issuer’s clock may be off'),
  OIDC_ROLES_CLAIM: z.string().regex(/^[^.\s]+(\.[^.\s]+)*$/).max(200).default('roles').describe('Claim that names the role; dots lead into objects, as in `realm_access.roles`'),
  OIDC_SIGNING_ACR: z.string().regex(/^[!#-[\]-~]+( [!#-[\]-~]+)*$/).max(500).optional().describe('`acr` that a token must have where somebody must have authenticated just now; several with spaces between'),
  SERVICE_KEYS_FILE: z.string().min(1).optional().describe('Keys of the service tokens: a JSON object from caller to JWK (Ed25519), its own with the private part; default: a file in `DATA_DIR`'),
  CALL_DEADLINE_MS: millis(200).describe('A call from one service to another, with all its tries; the first may take 60 % of it'),
  EDGE_DEADLINE_MS: millis(5000).describe('A call from the REST API to a service, likewise'),
  CALL_CONCURRENCY: z.coerce.number().int().min(1).max(10_000).default(DEFAULT_CALLEE.concurrency).describe('Calls to one service at once; beyond it they are refused (503)'),
  CIRCUIT_OPEN_MS: millis(DEFAULT_CALLEE.breaker.openMs).describe('How long a service is left alone once half of a minute’s calls (of at least 20) got no answer'),
  STEP_ATTEMPT_MS: millis(PRODUCTION_TIMING.attemptMs).describe('One attempt of a step'),
  STEP_ATTEMPTS: z.coerce.number().int().min(1).max(1000).default(PRODUCTION_TIMING.attempts).describe('Attempts before a step parks'),
  STEP_RETRY_INITIAL_MS: millis(PRODUCTION_TIMING.retryInitialMs).describe('Wait before the second attempt; doubles'),
  STEP_RETRY_MAXIMUM_MS: millis(PRODUCTION_TIMING.retryMaximumMs).describe('Longest wait between two attempts'),
  STEP_ROUND_MS: millis(PRODUCTION_TIMING.roundMs).describe('Wait between two rounds of a compensation or of a step after the pivot'),
  RATE_LIMIT_PER_CALLER: z.coerce.number().positive().max(1_000_000).optional().describe('Requests a second of one person, ten seconds’ worth at once after a pause; default: 50 in production, no limit in development'),
  RATE_LIMIT_PER_ADDRESS: z.coerce.number().positive().max(1_000_000).optional().describe('The same for one address; default: 200 in production, no limit in development'),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0).describe('Proxies of your own in front of the REST API: the address is what the outermost of them has put into `X-Forwarded-For`'),
  CORS_ORIGINS: origins.optional().describe('Origins whose scripts may call the REST API from a browser, with commas between; none when absent'),
  TEMPORAL_UI_ORIGINS: origins.optional().describe('Origins of the Temporal UI, which may have payloads opened by `/codec/decode`, with commas between; default: the embedded one’s, none beside `TEMPORAL_ADDRESS`'),
  RETENTION_YEARS: z.coerce.number().int().min(1).max(100).default(RETENTION_YEARS).describe('How long what identifies a participant is kept after the last enrollment ended; `ops patients erase` refuses before'),
  REAUTHENTICATION_MAX_AGE_S: z.coerce.number().int().min(1).max(86_400).default(MAX_AUTH_AGE_S).describe('How old the authentication (`auth_time` of the token) may be for a code-break'),
  CODE_BREAK_SWEEP_MS: millis(SWEEP_EVERY_MS).describe('Between two looks for code-breaks and incidents that nobody has been told of'),
  STUCK_WATCH_MS: millis(WATCH.everyMs).describe('Between two looks for whatever is stuck'),
  STUCK_ESCALATION_MS: millis(WATCH.escalateAfterMs).describe('How long something may be stuck until operators are told of it once more'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional().describe('Base URL of a receiver of traces by OTLP over HTTP, such as an OpenTelemetry collector. In development the traces of late are kept in memory as well, see `/debug/traces`'),
  TRACE_SAMPLE_RATIO: z.coerce.number().min(0).max(1).optional().describe('Of the requests that come in no trace, so many (0 to 1) are recorded; who comes in one has decided. Default: 1 in development, 0.1 in production'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('Of the log on standard output'),
});

export type Config = Omit<z.output<typeof ENVIRONMENT>, `${'DATABASE' | 'DATABASE_OWNER' | 'GRPC'}_URL_${Uppercase<ServiceName>}`> & {
  serviceUrls: Partial<Record<ServiceName, string>>;
  ownerUrls: Partial<Record<ServiceName, string>>;
  peers: Partial<Record<ServiceName, string>>;
  timing: TimingProfile;
};

/** Reads the environment once. Throws StartupError naming the variables that are wrong, never their values. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty variable means what an absent one means.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = ENVIRONMENT.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new StartupError({ code: 'bad_configuration', message: `The configuration is wrong: ${wrong}. See the table in README.md.` });
  }
  const values = parsed.data;
  if (values.OIDC_JWKS_URL !== undefined && values.OIDC_ISSUER === undefined) {
    throw new StartupError({ code: 'bad_configuration', message: 'OIDC_JWKS_URL needs OIDC_ISSUER: whose keys they are. See the table in README.md.' });
  }
  const urlsOf = (what: 'DATABASE' | 'DATABASE_OWNER' | 'GRPC') => {
    const urls = SERVICES.map((name) => [name, values[`${what}_URL_${name.toUpperCase() as Uppercase<ServiceName>}`]] as const);
    return Object.fromEntries(urls.filter(([, url]) => url !== undefined)) as Partial<Record<ServiceName, string>>;
  };
  const timing = {
    attemptMs: values.STEP_ATTEMPT_MS,
    attempts: values.STEP_ATTEMPTS,
    retryInitialMs: values.STEP_RETRY_INITIAL_MS,
    retryMaximumMs: Math.max(values.STEP_RETRY_MAXIMUM_MS, values.STEP_RETRY_INITIAL_MS),
    roundMs: values.STEP_ROUND_MS,
  };
  return { ...values, serviceUrls: urlsOf('DATABASE'), ownerUrls: urlsOf('DATABASE_OWNER'), peers: urlsOf('GRPC'), timing };
}
