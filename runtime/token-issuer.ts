import type { Logger } from 'pino';
import type { TokenVerifier } from '../api/auth/token.ts';
import type { Config } from './config.ts';
import { embeddedIssuer } from './dev-issuer.ts';
import { oidcVerifier } from './oidc/oidc-verifier.ts';

/** Who vouches for callers: the configured issuer, otherwise the embedded one. Throws StartupError in production without one. */
export async function tokenIssuerOf(config: Config, log: Logger): Promise<TokenVerifier> {
  const { OIDC_ISSUER } = config;
  return OIDC_ISSUER === undefined ? embeddedIssuer(config) : oidcVerifier({ ...config, OIDC_ISSUER }, { log });
}
