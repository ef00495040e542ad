import type { Config } from './config.ts';
import { StartupError } from './embedded/startup-error.ts';

type Named = Pick<Config, 'NODE_ENV' | 'OIDC_ISSUER'>;

/** Whoever verifies tokens needs an issuer. Throws StartupError in production without a configured one. */
export function ensureIssuer({ NODE_ENV, OIDC_ISSUER }: Named): void {
  if (NODE_ENV !== 'production' || OIDC_ISSUER !== undefined) return;
  const message = 'The embedded token issuer is for development and does not run with NODE_ENV=production: set OIDC_ISSUER to the URL of your OpenID Connect issuer. See the table in README.md.';
  throw new StartupError({ code: 'no_token_issuer', message });
}

/** Who has the data folder could make itself any token. Throws StartupError in production, and where another issuer is configured. */
export function ensureEmbeddedIssuer(config: Named): void {
  ensureIssuer(config);
  const { NODE_ENV, OIDC_ISSUER } = config;
  if (OIDC_ISSUER === undefined && NODE_ENV !== 'production') return;
  throw new StartupError({ code: 'no_token_issuer', message: 'OIDC_ISSUER is set, so the embedded token issuer does not run: get the token from that issuer.' });
}
